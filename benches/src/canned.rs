//! Mock servers that answer what a file says: json-server, Prism and Mockoon, with Bitting's own answers.

use crate::Places;
use crate::load::{Connection, request};
use crate::process::{Server, free_port};
use anyhow::Result;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// A mock server: its name, its command, and how it is told what to answer.
pub struct Mock {
    pub name: &'static str,
    pub program: &'static str,
    arguments: fn(file: &str, port: &str) -> Vec<String>,
    document: fn(item: &Value, list: &Value, port: u16) -> Value,
}

pub const MOCKS: [Mock; 3] = [
    Mock {
        name: "json-server",
        program: "json-server",
        arguments: json_server,
        document: rows,
    },
    Mock {
        name: "Prism",
        program: "prism",
        arguments: prism,
        document: openapi,
    },
    Mock {
        name: "Mockoon",
        program: "mockoon-cli",
        arguments: mockoon,
        document: environment,
    },
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn json_server(file: &str, port: &str) -> Vec<String> {
    words(&[
        "--port",
        port,
        "--host",
        "127.0.0.1",
        "--quiet",
        "--no-gzip",
        file,
    ])
}

fn prism(file: &str, port: &str) -> Vec<String> {
    words(&[
        "mock",
        "--port",
        port,
        "--host",
        "127.0.0.1",
        "--multiprocess",
        "false",
        "--verboseLevel",
        "error",
        file,
    ])
}

fn mockoon(file: &str, port: &str) -> Vec<String> {
    words(&[
        "start",
        "--data",
        file,
        "--port",
        port,
        "--repair",
        "--disable-log-to-file",
        "--disable-admin-api",
        "--max-transaction-logs",
        "1",
    ])
}

fn rows(_: &Value, list: &Value, _: u16) -> Value {
    json!({ "tickets": list })
}

fn openapi(item: &Value, list: &Value, _: u16) -> Value {
    let answer = |example: &Value, kind: &str| {
        let content =
            json!({ "application/json": { "schema": { "type": kind }, "example": example } });
        json!({ "200": { "description": "as recorded", "content": content } })
    };
    let id =
        json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }]);
    json!({
        "openapi": "3.0.3",
        "info": { "title": "tickets", "version": "1" },
        "paths": {
            "/tickets/{id}": { "get": { "parameters": id, "responses": answer(item, "object") } },
            "/tickets": { "get": { "responses": answer(list, "array") } },
        },
    })
}

fn environment(item: &Value, list: &Value, port: u16) -> Value {
    let uuid = |number: u8| format!("00000000-0000-4000-8000-0000000000{number:02}");
    let route = |number: u8, endpoint: &str, body: &Value| {
        json!({
            "uuid": uuid(number), "type": "http", "documentation": "", "method": "get", "endpoint": endpoint,
            "responseMode": null, "streamingMode": null, "streamingInterval": 0,
            "responses": [{
                "uuid": uuid(number + 10), "body": body.to_string(), "latency": 0, "statusCode": 200, "label": "",
                "headers": [{ "key": "Content-Type", "value": "application/json" }], "bodyType": "INLINE",
                "filePath": "", "databucketID": "", "sendFileAsBody": false, "rules": [], "rulesOperator": "OR",
                "disableTemplating": true, "fallbackTo404": false, "default": true, "crudKey": "id", "callbacks": [],
            }],
        })
    };
    json!({
        "uuid": uuid(0), "lastMigration": 33, "name": "tickets", "port": port, "hostname": "127.0.0.1",
        "endpointPrefix": "", "latency": 0, "folders": [], "data": [], "callbacks": [], "headers": [],
        "proxyReqHeaders": [], "proxyResHeaders": [], "proxyMode": false, "proxyHost": "",
        "proxyRemovePrefix": false, "cors": false,
        "tlsOptions": {
            "enabled": false, "type": "CERT", "pfxPath": "", "certPath": "", "keyPath": "", "caPath": "",
            "passphrase": "",
        },
        "routes": [route(1, "tickets/:id", item), route(2, "tickets", list)],
        "rootChildren": [{ "type": "route", "uuid": uuid(1) }, { "type": "route", "uuid": uuid(2) }],
    })
}

impl Mock {
    /// Starts the server and answers where it is.
    pub fn open(
        &self,
        places: &Places,
        program: &Path,
        item: &Value,
        list: &Value,
    ) -> Result<(Server, SocketAddr)> {
        let port = free_port()?;
        let file = places.data.join(format!("{}.json", self.program));
        let log = places.data.join(format!("{}.txt", self.program));
        fs::write(&file, (self.document)(item, list, port).to_string())?;
        let arguments = (self.arguments)(&file.to_string_lossy(), &port.to_string());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        // As these run in production; Express works without its development checks.
        let environment = [("NODE_ENV", "production")];
        let mut server = Server::start(program, &arguments, &environment, &log)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let ask = request("GET", "/tickets", &[], None);
        server.until(Duration::from_secs(60), &log, || {
            let answer = Connection::open(address).ok()?.ask(&ask).ok()?;
            (answer.status == 200).then_some(())
        })?;
        Ok((server, address))
    }
}
