//! `weft invoke`: calls a flow's HTTP entry point, like a small curl.

use crate::cli::address::Running;
use crate::cli::body;
use crate::cli::exchange;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::problem::Problem;
use crate::cli::url;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use ureq::Body;

/// Where flows answer if nothing else is known.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// Call a flow's HTTP entry point and print what it answers.
///
/// The exit code is 1 if the status is 400 or above.
#[derive(Debug, clap::Args)]
pub(crate) struct Invoke {
    /// The method.
    method: Method,
    /// The path in the instance, perhaps with a query: /hello
    path: String,
    /// A value of the query; can be given several times
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair)]
    query: Vec<(String, String)>,
    /// A header; can be given several times
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(HeaderName, HeaderValue)>,
    /// The body, or @file, or @- for standard input
    #[arg(short, long, visible_alias = "body", value_name = "BODY")]
    data: Option<String>,
    /// Print status and headers too
    #[arg(long)]
    include: bool,
    /// Most time to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
    /// The instance
    #[arg(
        short,
        long,
        value_name = "NAME",
        env = "WEFT_INSTANCE",
        hide_env_values = true,
        default_value = "default",
        help_heading = "Connection"
    )]
    instance: String,
    /// URL at which flows answer [default: that of the host which runs in the data directory,
    /// else http://127.0.0.1:8080]
    #[arg(
        long,
        value_name = "URL",
        env = "WEFT_URL",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    url: Option<String>,
    /// The host's data directory
    #[arg(
        long,
        value_name = "DIR",
        env = "WEFT_DATA",
        hide_env_values = true,
        default_value = "./data",
        help_heading = "Connection"
    )]
    data_dir: PathBuf,
}

impl Invoke {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let agent = exchange::agent(Some(Duration::from_secs(self.timeout)));
        let response = exchange::send(&agent, self.request()?);
        let response = response.map_err(|failure| {
            failure.hint("check that the host runs, and its address: --url, or --data-dir")
        })?;
        print(response, self.include)
    }

    fn request(&self) -> Result<Request<Option<Vec<u8>>>, Failure> {
        let given = self.url.as_deref().filter(|url| !url.is_empty());
        let base = given.map_or_else(
            || {
                Running::in_directory(&self.data_dir)
                    .map_or_else(|| DEFAULT_URL.to_owned(), Running::flow_url)
            },
            |url| url.trim_end_matches('/').to_owned(),
        );
        let target = format!(
            "{base}/{}{}",
            url::component(&self.instance),
            url::path(&self.path)
        );
        let query = self.query.iter().map(|(name, value)| (&**name, &**value));
        let target = url::with_query(target, query);
        let body = self.data.as_deref().map(body::read).transpose()?;
        let mut request = Request::builder().method(self.method.clone()).uri(&target);
        for (name, value) in &self.header {
            request = request.header(name, value);
        }
        let names_type = self.header.iter().any(|(name, _)| name == CONTENT_TYPE);
        if let Some(body) = body.as_ref().filter(|_| !names_type) {
            request = request.header(CONTENT_TYPE, content_type(body));
        }
        request
            .body(body)
            .map_err(|error| Failure::usage(format!("{target} cannot be called: {error}")))
    }
}

/// What a body most likely is.
fn content_type(body: &[u8]) -> &'static str {
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    match std::str::from_utf8(body) {
        Ok(_) if is_json() => "application/json",
        Ok(_) => "text/plain; charset=utf-8",
        Err(_) => "application/octet-stream",
    }
}

fn print(response: Response<Body>, include: bool) -> Result<(), Failure> {
    let status = response.status();
    if include {
        output::line(&head(&response))?;
    }
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    let body = response
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .read_to_vec();
    let body =
        body.map_err(|error| Failure::unreachable(format!("the answer broke off: {error}")))?;
    if is_problem && let Some(problem) = Problem::read(&body) {
        return Err(Failure::Refused(Box::new(problem)));
    }
    output::body(&body)?;
    match status {
        _ if status.is_client_error() || status.is_server_error() => Err(refused(status)),
        _ => Ok(()),
    }
}

fn refused(status: StatusCode) -> Failure {
    Failure::failed(format!("the flow answered with status {status}"))
}

fn head(response: &Response<Body>) -> String {
    let mut head = format!("HTTP/1.1 {}\n", response.status());
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        // Writing to a string cannot fail.
        let _ok = writeln!(head, "{name}: {}", output::printable(&value));
    }
    head
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name
        .trim()
        .parse::<HeaderName>()
        .map_err(|error| error.to_string())?;
    let value = HeaderValue::from_str(value.trim()).map_err(|error| error.to_string())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command::{Command, Weft};
    use clap::Parser as _;

    fn request(words: &[&str]) -> Request<Option<Vec<u8>>> {
        let words = [
            &[
                "weft",
                "invoke",
                "--url",
                "http://h:1/",
                "--data-dir",
                "absent",
            ],
            words,
        ]
        .concat();
        match Weft::try_parse_from(words).unwrap().command {
            Command::Invoke(invoke) => invoke.request().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_url_has_instance_path_and_query() {
        let request = request(&[
            "GET",
            "/hello",
            "-i",
            "shop",
            "-q",
            "name=Ada & Eve",
            "-q",
            "x=",
        ]);
        assert_eq!(request.method(), Method::GET);
        assert_eq!(
            request.uri(),
            "http://h:1/shop/hello?name=Ada%20%26%20Eve&x="
        );
        assert_eq!(*request.body(), None);
    }

    #[test]
    fn a_body_has_the_type_that_it_looks_like_unless_a_header_says() {
        let json = request(&["POST", "/x", "-d", "{\"a\":1}"]);
        assert_eq!(json.headers()[CONTENT_TYPE], "application/json");
        let text = request(&["POST", "/x", "--data", "two words"]);
        assert_eq!(text.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        let own = request(&[
            "POST",
            "/x",
            "-d",
            "1",
            "-H",
            "Content-Type: text/csv",
            "-H",
            "X-A:b",
        ]);
        assert_eq!(own.headers()[CONTENT_TYPE], "text/csv");
        assert_eq!(own.headers()["x-a"], "b");
    }
}
