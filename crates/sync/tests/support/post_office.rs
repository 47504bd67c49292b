//! A mail server that takes everything. Knows no mail.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A mail server that keeps what it gets.
pub fn post_office() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mails = Arc::new(Mutex::new(Vec::new()));
    let kept = mails.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
            let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes());
            let (mut mail, mut data) = (String::new(), false);
            let _ = say("220 post office");
            while let Some(Ok(line)) = lines.next() {
                if data && line != "." {
                    mail.push_str(&line);
                    mail.push('\n');
                    continue;
                }
                let done = data && line == ".";
                if done {
                    kept.lock().unwrap().push(std::mem::take(&mut mail));
                }
                data = line == "DATA";
                let answer = match line.as_str() {
                    "DATA" => "354 go on",
                    "QUIT" => "221 bye",
                    _ => "250 fine",
                };
                if say(answer).is_err() || line == "QUIT" {
                    break;
                }
            }
        }
    });
    (port, mails)
}
