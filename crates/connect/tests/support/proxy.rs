//! Somebody between a client and a server who hangs up at one request and from then on. Knows HTTP only as far as
//! to see where a request ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};

/// Listens on a free port and answers its address.
pub fn cut_at(server: String, at: usize, carried_out: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.expect("a connection");
            let Some((request, mut stream)) = request(stream) else {
                continue;
            };
            if number < at {
                let _ = std::io::copy(&mut passed_on(&server, &request), &mut stream);
            } else if number == at && carried_out {
                // Its answer is heard to the end, and kept.
                let _ = std::io::copy(&mut passed_on(&server, &request), &mut std::io::sink());
            }
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    address
}

fn passed_on(server: &str, request: &[u8]) -> TcpStream {
    let mut on = TcpStream::connect(server).expect("the server");
    on.write_all(request).expect("sent on");
    on
}

/// One whole request, asked so that the server closes the connection after its answer.
fn request(stream: TcpStream) -> Option<(Vec<u8>, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut whole = format!("{head}connection: close\r\n\r\n").into_bytes();
    whole.extend(body);
    Some((whole, reader.into_inner()))
}
