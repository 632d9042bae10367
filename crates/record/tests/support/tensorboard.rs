//! The real TensorBoard, as a guarded process on a loopback port.
//!
//! Only the standard library is used, so that any test of the workspace can take this file in by its path:
//!
//! ```text
//! #[path = "../crates/record/tests/support/tensorboard.rs"]
//! mod tensorboard;
//! ```

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long the program may take to start; a cold start imports a few hundred Python files.
const START: Duration = Duration::from_secs(120);

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(20);

/// The executable: `SWITCHBACK_TENSORBOARD`, else `tensorboard` on the path.
///
/// Where there is none that is said on the standard error and the test is to return; with
/// `SWITCHBACK_REQUIRE_CLIENTS=1` it is a failure.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SWITCHBACK_TENSORBOARD") {
        let path = PathBuf::from(named);
        assert!(
            path.is_file(),
            "SWITCHBACK_TENSORBOARD names {}, which is no file",
            path.display()
        );
        return Some(path);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .map(|folder| folder.join(format!("tensorboard{}", std::env::consts::EXE_SUFFIX)))
        .find(|path| path.is_file());
    if found.is_none() {
        let required = std::env::var_os("SWITCHBACK_REQUIRE_CLIENTS") == Some(OsString::from("1"));
        assert!(
            !required,
            "no tensorboard: pip install tensorboard, or name it in SWITCHBACK_TENSORBOARD"
        );
        let notice = "NOT CHECKED: no tensorboard on the path (pip install tensorboard)";
        // A closed standard error is no reason to fail.
        let _ = writeln!(std::io::stderr(), "\n*** {notice} ***\n");
    }
    found
}

/// Which of TensorBoard's two readers loads the event files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loader {
    /// The one in Python.
    Python,
    /// The data server, the default where it is installed.
    DataServer,
}

/// A running TensorBoard; killed when dropped.
pub struct TensorBoard {
    child: Child,
    address: SocketAddr,
    output: Receiver<String>,
    said: String,
}

impl TensorBoard {
    /// Starts `executable` on `logdir` and waits until it listens, on a port that it picks itself.
    pub fn start(executable: &Path, logdir: &Path, loader: Loader) -> Result<Self, String> {
        let load_fast = match loader {
            Loader::Python => "--load_fast=false",
            Loader::DataServer => "--load_fast=auto",
        };
        let mut child = Command::new(executable)
            .arg("--logdir")
            .arg(logdir)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .args(["--reload_interval", "1", load_fast])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", executable.display()))?;
        let (sender, output) = channel();
        if let Some(stderr) = child.stderr.take() {
            // Reads to the end, so that the program never waits for a full pipe; ends with the program.
            thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        // From here on dropping it kills the process.
        let mut this = Self {
            child,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            output,
            said: String::new(),
        };
        let port = this.wait_for_port()?;
        this.address.set_port(port);
        Ok(this)
    }

    /// Whether the data server, not Python, loads the files: TensorBoard says so when it starts one.
    pub fn uses_data_server(&self) -> bool {
        self.said.contains("experimental fast data loading")
    }

    /// The body of the answer to a GET of `path`; an error unless the status is 200.
    pub fn get(&self, path: &str) -> Result<String, String> {
        let (head, body) = self
            .exchange(path)
            .map_err(|error| format!("GET {path}: {error}"))?;
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        if status == "200" {
            Ok(body)
        } else {
            Err(format!("GET {path}: {head}\n{body}"))
        }
    }

    /// Asks `answer` again and again until it has one, at most for `patience`; the last error otherwise.
    pub fn wait_for<T>(
        &self,
        patience: Duration,
        answer: impl Fn(&Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let end = Instant::now() + patience;
        loop {
            match answer(self) {
                Ok(value) => return Ok(value),
                Err(error) if Instant::now() >= end => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// The port of the line `TensorBoard 2.x at http://127.0.0.1:PORT/ (...)`.
    fn wait_for_port(&mut self) -> Result<u16, String> {
        let end = Instant::now() + START;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.output.recv_timeout(left) else {
                return Err(format!("TensorBoard did not start:\n{}", self.said));
            };
            self.said.push_str(&line);
            self.said.push('\n');
            let port = line
                .split_once("http://127.0.0.1:")
                .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
                .and_then(|digits| digits.parse().ok());
            if let Some(port) = port {
                return Ok(port);
            }
        }
    }

    /// One exchange in HTTP/1.0, whose answer ends with the connection.
    fn exchange(&self, path: &str) -> Result<(String, String), std::io::Error> {
        let mut stream = TcpStream::connect_timeout(&self.address, ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.set_write_timeout(Some(ANSWER))?;
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: {}\r\nAccept-Encoding: identity\r\n\r\n",
            self.address
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        Ok(match answer.split_once("\r\n\r\n") {
            Some((head, body)) => (head.to_owned(), body.to_owned()),
            None => (answer, String::new()),
        })
    }
}

impl Drop for TensorBoard {
    fn drop(&mut self) {
        // The data server is a child of the process that ends by itself when the pipe to it closes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
