//! A way to a PSA: one call after the other, waiting when the PSA asks to, page after page.

use crate::conditions::{encode, literal};
use crate::transport::{Call, Transport};
use crate::{Answer, ClientError, Credentials, KeyFile, Site};
use reqwest::Method;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Largest page the vendor serves.
const PAGE: usize = 1000;

/// How to reach a PSA.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// An authority that systems do not know, PEM.
    pub ca_file: Option<&'a Path>,
    /// Use nothing but the vendor's API, also on a server that offers more.
    pub vendor_only: bool,
    /// Do not ask where the API of the company is; a server of one's own needs no asking.
    pub usual_path: bool,
    /// Longest wait for an answer; a minute where nothing is said.
    pub patience: Option<Duration>,
}

/// An open way to a PSA with one key.
pub struct Psa {
    site: Site,
    credentials: Credentials,
    transport: Transport,
    vendor_only: bool,
}

impl Psa {
    /// Opens a way. Asks the PSA where its API is, but does not try the key.
    pub fn open(
        address: &str,
        credentials: Credentials,
        options: &Options<'_>,
    ) -> Result<Self, ClientError> {
        let site = Site::read(address)?;
        let transport = Transport::open(&site.address, options.ca_file, options.patience)?;
        let mut psa = Self {
            site,
            credentials,
            transport,
            vendor_only: options.vendor_only,
        };
        if !options.usual_path {
            psa.locate()?;
        }
        Ok(psa)
    }

    /// Opens the way a key file describes.
    pub fn of_key_file(file: &KeyFile, vendor_only: bool) -> Result<Self, ClientError> {
        let options = Options {
            ca_file: file.ca_file.as_deref(),
            vendor_only,
            ..Options::default()
        };
        Self::open(&file.url, file.credentials.clone(), &options)
    }

    pub fn company(&self) -> &str {
        &self.credentials.company
    }

    /// Scheme, host and port.
    pub fn address(&self) -> &str {
        &self.site.address
    }

    pub fn client_id(&self) -> Option<&str> {
        self.credentials.client_id.as_deref()
    }

    /// Every request made so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.transport.calls()
    }

    /// Whether the server offers Bitting's own API beside the vendor's: levels, lists and keys.
    pub fn offers_own(&self) -> Result<bool, ClientError> {
        if self.vendor_only {
            return Ok(false);
        }
        let path = "system/keys";
        let answer = self.send(&Method::GET, &self.site.own(path), path, None)?;
        // Refused with a reason beside it is an answer too. A live PSA has no such path, but may show a
        // log-in page for it.
        Ok(answer.is_success() && answer.body.is_array() || answer.denial.is_some())
    }

    /// One call on the vendor's API, whatever comes back.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        self.send(&verb(method), &self.site.api(path), path, body)
    }

    /// One call on Bitting's own API.
    pub fn own(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        self.send(&verb(method), &self.site.own(path), path, body)?
            .ok(method, path)
    }

    pub fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.ask("GET", path, None)?.ok("GET", path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.ask("POST", path, Some(body))?.ok("POST", path)
    }

    /// Sets members of a record, in the vendor's patch dialect.
    pub fn patch(&self, path: &str, members: &[(String, Value)]) -> Result<Value, ClientError> {
        let operations: Vec<Value> = members
            .iter()
            .map(|(member, value)| serde_json::json!({ "op": "replace", "path": member, "value": value }))
            .collect();
        self.ask("PATCH", path, Some(&Value::Array(operations)))?
            .ok("PATCH", path)
    }

    /// Uploads a file with the fields of a form beside it.
    pub fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file: (&str, &[u8]),
    ) -> Result<Value, ClientError> {
        let (name, bytes) = file;
        // The boundary must not stand in the file.
        let mut boundary = "bitting-form".to_owned();
        while bytes
            .windows(boundary.len())
            .any(|found| found == boundary.as_bytes())
        {
            boundary.push('-');
        }
        let mut form = Vec::with_capacity(bytes.len() + 512);
        for (field, value) in fields {
            form.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        // Quotes and line ends would end the header.
        let name = name.replace(['"', '\r', '\n'], "_");
        form.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            )
            .as_bytes(),
        );
        form.extend_from_slice(bytes);
        form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        self.send_body(
            &Method::POST,
            &self.site.api(path),
            path,
            Some(Body::Form(&kind, &form)),
        )?
        .ok("POST", path)
    }

    /// Every record of a list, page by page.
    pub fn list(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for page in 1.. {
            let Value::Array(rows) =
                self.get(&format!("{path}{joint}pageSize={PAGE}&page={page}"))?
            else {
                return Err(self.strange(path, "list"));
            };
            let last = rows.len() < PAGE;
            all.extend(rows);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// How many records a list has.
    pub fn count(&self, path: &str) -> Result<u64, ClientError> {
        let path = format!("{path}/count");
        self.get(&path)?["count"]
            .as_u64()
            .ok_or_else(|| self.strange(&path, "count"))
    }

    /// The records of a list whose field has this value.
    pub fn named(&self, path: &str, field: &str, value: &str) -> Result<Vec<Value>, ClientError> {
        let condition = encode(&format!("{field}={}", literal(value)));
        self.list(&format!("{path}?conditions={condition}"))
    }

    /// Finds the API of the company: newer releases of the cloud serve it below a path of their own.
    fn locate(&mut self) -> Result<(), ClientError> {
        let path = format!("login/companyinfo/{}", encode(&self.credentials.company));
        let url = format!("{}/{path}", self.site.address);
        let answer = self.send(&Method::GET, &url, &path, None)?;
        if !answer.is_success() {
            // Some servers of one's own keep this page closed; the usual path serves there.
            return Ok(());
        }
        match &answer.body {
            Value::Null => Err(ClientError::Company {
                address: self.site.address.clone(),
                company: self.credentials.company.clone(),
            }),
            Value::Object(info) => {
                if let Some(codebase) = info.get("Codebase").and_then(Value::as_str) {
                    self.site.codebase = format!("{}/", codebase.trim_matches('/'));
                }
                Ok(())
            }
            _ => Err(self.strange(&path, "company")),
        }
    }

    fn strange(&self, path: &str, wanted: &'static str) -> ClientError {
        ClientError::Strange {
            address: self.site.address.clone(),
            path: path.to_owned(),
            wanted,
        }
    }

    /// Sends with the key, and tries again what the PSA or the network asks to try again.
    fn send(
        &self,
        method: &Method,
        url: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        self.send_body(method, url, path, body.map(Body::Json))
    }

    fn send_body(
        &self,
        method: &Method,
        url: &str,
        path: &str,
        body: Option<Body<'_>>,
    ) -> Result<Answer, ClientError> {
        let reading = *method == Method::GET;
        let user = format!(
            "{}+{}",
            self.credentials.company, self.credentials.public_key
        );
        self.transport.send(method, url, path, reading, &|request| {
            let mut request =
                request.basic_auth(&user, Some(self.credentials.private_key.reveal()));
            if let Some(id) = &self.credentials.client_id {
                request = request.header("clientId", id);
            }
            match body {
                Some(Body::Json(body)) => request.json(body),
                Some(Body::Form(kind, bytes)) => {
                    request.header("content-type", kind).body(bytes.to_vec())
                }
                None => request,
            }
        })
    }
}

/// What a request carries.
#[derive(Clone, Copy)]
enum Body<'b> {
    Json(&'b Value),
    /// A form: its content type with the boundary, and its bytes.
    Form(&'b str, &'b [u8]),
}

fn verb(word: &str) -> Method {
    match word {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => Method::GET,
    }
}
