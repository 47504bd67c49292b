//! The commands that work from profiles, as people and scripts run them: exit codes, key files, and no secret
//! where it does not belong.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};
use support::{Running, bitting, text_of};

/// A server with a directory of its own; it ends with the value.
struct Server {
    /// Goes before the directory.
    _running: Running,
    directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut serve = bitting(directory.path());
        let running = Running::start(directory.path(), serve.args(["serve", "--empty"]));
        Self {
            _running: running,
            directory,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = bitting(self.directory.path())
            .args(arguments)
            .output()
            .unwrap();
        for key in ["k.json", "k2.json", "umbrella.key.json"] {
            if let Ok(text) = fs::read_to_string(self.file(key)) {
                let file: Value = serde_json::from_str(&text).unwrap();
                let private = file["private_key"].as_str().unwrap();
                assert!(
                    !text_of(&output).contains(private),
                    "the private key was printed"
                );
            }
        }
        output
    }

    #[track_caller]
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
        text
    }
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn from_a_plan_to_a_rotated_key() {
    let server = Server::start();
    let plan = server.expect(2, &["plan", "umbrella"]);
    assert!(
        plan.ends_with("18 to add, 0 to change, 0 to remove\n") && !plan.contains('\u{1b}'),
        "{plan}"
    );
    let json: Value =
        serde_json::from_str(&server.expect(2, &["plan", "umbrella", "--json"])).unwrap();
    assert_eq!(
        (json["add"].as_u64(), json["role"]["id"].is_null()),
        (Some(18), true)
    );
    assert!(
        server
            .expect(0, &["apply", "umbrella"])
            .contains("no key was cut")
    );
    server.expect(0, &["apply", "umbrella", "--key-file", "k.json"]);
    assert_eq!(mode(&server.file("k.json")), 0o600);
    let before = fs::read(server.file("k.json")).unwrap();
    assert!(
        server
            .expect(0, &["apply", "umbrella", "--key-file", "k.json"])
            .contains("no key was cut")
    );
    assert_eq!(
        fs::read(server.file("k.json")).unwrap(),
        before,
        "a second apply changes nothing"
    );
    server.expect(0, &["plan", "umbrella"]);
    server.expect(
        0,
        &[
            "verify",
            "umbrella",
            "--key-file",
            "k.json",
            "--write-probes",
            "--junit",
            "out.xml",
        ],
    );
    assert!(
        fs::read_to_string(server.file("out.xml"))
            .unwrap()
            .contains("failures=\"0\"")
    );
    // Missing, then in excess.
    server.expect(
        0,
        &[
            "role",
            "set",
            "Umbrella",
            "Companies / Configurations",
            "--edit",
            "None",
        ],
    );
    let text = server.expect(2, &["verify", "umbrella", "--key-file", "k.json"]);
    assert!(
        text.contains("Companies > Configurations: set Edit to All"),
        "{text}"
    );
    server.expect(0, &["apply", "umbrella"]);
    server.expect(
        0,
        &[
            "role",
            "set",
            "Umbrella",
            "Companies / Contacts",
            "--inquire",
            "All",
        ],
    );
    let json = server.expect(3, &["verify", "umbrella", "--key-file", "k.json", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["exit_code"], 3);
    server.expect(0, &["apply", "umbrella"]);
    // The new key works before the old one is gone, and the old one is gone.
    server.expect(0, &["key", "rotate", "Umbrella", "--key-file", "k2.json"]);
    assert_eq!(mode(&server.file("k2.json")), 0o600);
    server.expect(0, &["verify", "umbrella", "--key-file", "k2.json"]);
    let text = server.expect(1, &["verify", "umbrella", "--key-file", "k.json"]);
    assert!(text.contains("cause  the key opens nothing here"), "{text}");
}

#[test]
fn one_command_connects_and_goes_on_where_it_was() {
    let server = Server::start();
    let first = server.expect(0, &["connect", "umbrella", "--write-probes"]);
    assert!(
        first.contains("[4/4] proof") && first.contains("13 granted, 0 missing, 0 in excess"),
        "{first}"
    );
    assert_eq!(mode(&server.file("umbrella.key.json")), 0o600);
    let second = server.expect(0, &["connect", "umbrella"]);
    assert!(
        second.contains("the one in umbrella.key.json works"),
        "{second}"
    );
    let audit = server.expect(0, &["audit", "--html", "audit.html"]);
    assert!(
        audit.contains("Cisco Umbrella")
            && fs::read_to_string(server.file("audit.html"))
                .unwrap()
                .contains("Umbrella")
    );
    let live = server.expect(2, &["connect", "mspcfo", "--as-live", "--once"]);
    assert!(
        live.contains("System > Security Roles > MSPCFO > System > API Reports"),
        "{live}"
    );
    let guide = server.expect(
        0,
        &["guide", "umbrella", "--psa", "https://psa.example.com"],
    );
    assert!(
        guide.contains("| Address of the PSA | https://psa.example.com |"),
        "{guide}"
    );
}

#[test]
fn what_cannot_be_is_said() {
    let server = Server::start();
    let cases: [(&[&str], &str); 7] = [
        (&["plan", "umbrela"], "did you mean `umbrella`"),
        (&["plan", "umbrella", "--feature", "x"], "no feature `x`"),
        (
            &["plan", "umbrella", "--member", "longer than fifteen"],
            "takes 15",
        ),
        (
            &["plan", "umbrella", "--location", "Atlantis"],
            "none of that name",
        ),
        (&["plan", "umbrella", "--role", "Admin"], "administrator"),
        (
            &["verify", "umbrella", "--key-file", "none.json"],
            "none.json",
        ),
        (
            &["plan", "umbrella", "--psa", "https://127.0.0.1:1"],
            "--company",
        ),
    ];
    for (arguments, said) in cases {
        let text = server.expect(1, arguments);
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}

#[test]
fn profiles_are_listed_checked_and_begun() {
    let directory = tempfile::tempdir().unwrap();
    let run = |code: i32, arguments: &[&str]| {
        let output = bitting(directory.path()).args(arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}\n{}",
            text_of(&output)
        );
        text_of(&output)
    };
    assert!(run(0, &["profile", "list"]).contains("connectwise/umbrella"));
    let list: Value =
        serde_json::from_str(&run(0, &["profile", "list", "--psa", "autotask", "--json"])).unwrap();
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|row| row["profile"].as_str().unwrap().starts_with("autotask/"))
    );
    run(0, &["profile", "check"]);
    run(
        0,
        &[
            "profile",
            "new",
            "mine.toml",
            "--vendor",
            "V",
            "--product",
            "P",
        ],
    );
    run(
        1,
        &[
            "profile",
            "new",
            "mine.toml",
            "--vendor",
            "V",
            "--product",
            "P",
        ],
    );
    run(0, &["profile", "check", "mine.toml"]);
    run(0, &["guide", "mine.toml"]);
    let text = fs::read_to_string(directory.path().join("mine.toml")).unwrap();
    fs::write(
        directory.path().join("bad.toml"),
        text.replace("Company Maintenance", "Company Maintenence"),
    )
    .unwrap();
    assert!(run(1, &["profile", "check", "bad.toml"]).contains("Company Maintenance"));
    assert!(
        run(2, &["profile", "diff", "office_protect", "umbrella"])
            .contains("Configurations: Edit None -> All")
    );
    run(0, &["profile", "diff", "umbrella", "umbrella"]);
}

#[test]
fn on_a_live_psa_apply_waits_until_somebody_has_clicked() {
    let server = Server::start();
    let waiting = bitting(server.directory.path())
        .args(["apply", "umbrella", "--as-live"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !server.expect(0, &["role", "list"]).contains("Umbrella")
        || !server.expect(0, &["member", "list"]).contains("Umbrella")
    {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "no role was made"
        );
    }
    server.expect(0, &["apply", "umbrella"]);
    let output = waiting.wait_with_output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("The role is as wanted.") && text.contains("API Keys"),
        "{text}"
    );
}

#[test]
fn a_key_goes_where_it_is_told_to_or_is_taken_away_again() {
    let server = Server::start();
    let keys = |member: &str| {
        let list = server.expect(0, &["key", "list", member, "--json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        list.as_array().unwrap().len()
    };
    // Nowhere to write it: nobody holds the private half, so the pair must not stay.
    for arguments in [
        &["connect", "umbrella", "--key-file", "nowhere/k.json"][..],
        &["apply", "umbrella", "--key-file", "nowhere/k.json"],
        &["apply", "umbrella", "--pipe", "cat > /dev/null; exit 3"],
        &[
            "key",
            "new",
            "Umbrella",
            "--description",
            "d",
            "--key-file",
            "nowhere/k.json",
        ],
    ] {
        let text = server.expect(1, arguments);
        assert!(
            text.contains("the key just cut was revoked"),
            "{arguments:?}: {text}"
        );
        assert_eq!(keys("Umbrella"), 0, "{arguments:?}");
    }
    // A command takes it on its standard input; nothing of it is printed.
    server.expect(0, &["apply", "umbrella", "--pipe", "cat > k.json"]);
    assert_eq!(keys("Umbrella"), 1);
    let calls = server.expect(
        0,
        &["verify", "umbrella", "--key-file", "k.json", "--calls"],
    );
    assert!(
        calls.contains("GET    200 system/mySecurity")
            && calls.contains("GET    200 login/companyinfo/bitting"),
        "{calls}"
    );
    // On the terminal only where somebody asks for it.
    let shown = server.expect(0, &["apply", "umbrella", "--new-key", "--show"]);
    assert!(
        shown.contains("The private key is shown this once."),
        "{shown}"
    );
    // A second way in beside one that exists is said.
    let text = server.expect(0, &["connect", "umbrella"]);
    assert!(
        text.contains("beside 2 that the member has already"),
        "{text}"
    );
}

#[test]
fn a_live_psa_that_is_not_there_is_said_and_nothing_is_written() {
    let server = Server::start();
    let ready: Value =
        serde_json::from_str(&fs::read_to_string(server.file("ready.json")).unwrap()).unwrap();
    let (http, https) = (
        ready["http"].as_str().unwrap(),
        ready["https"].as_str().unwrap(),
    );
    server.expect(0, &["connect", "mspcfo", "--key-file", "k.json"]);
    let live = |psa: &str, company: &str| {
        let output = bitting(server.directory.path())
            .args([
                "apply",
                "umbrella",
                "--once",
                "--psa",
                psa,
                "--company",
                company,
            ])
            .env("BITTING_PUBLIC_KEY", "nobody")
            .env("BITTING_PRIVATE_KEY", "hidden-half")
            .env("BITTING_CLIENT_ID", "software")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));
        let text = text_of(&output);
        assert!(!text.contains("hidden-half"), "{text}");
        text
    };
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    for (psa, company, says) in [
        (refused.as_str(), "bitting", "nothing listens at that port"),
        (
            https,
            "bitting",
            "its authority is unknown here; name the authority's file with --ca-file",
        ),
        (
            &https.replace("https", "http"),
            "bitting",
            "https:// may be meant",
        ),
        (
            &http.replace("http", "https"),
            "bitting",
            "does not speak TLS",
        ),
        (http, "nowhere", "there is no company `nowhere`"),
        (http, "bitting", "the key opens nothing here"),
        ("ftp://psa.example.com", "bitting", "only http and https"),
    ] {
        let text = live(psa, company);
        assert!(text.contains(says), "{psa} {company}: {text}");
    }
    assert!(!server.expect(0, &["role", "list"]).contains("Umbrella"));
}
