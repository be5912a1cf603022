//! Real Redis or Valkey servers.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, Cmd, FromRedisValue, RedisError, RedisResult};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::envoy::checkout;
use crate::file::{FileError, at};

/// The password of every server.
pub const PASSWORD: &str = "a-password-of-the-tests";

/// How long a server may take to answer.
const START: Duration = Duration::from_secs(20);

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that should be there is not, or the like.
    #[error(transparent)]
    File(#[from] FileError),
    /// It was not fetched.
    #[error("there is no {0}: run `make .tools/redis/server`")]
    NotFetched(PathBuf),
    /// It does not answer.
    #[error("the server does not answer: {0}; it said:\n{1}")]
    Silent(RedisError, String),
}

/// A running server.
pub struct Server {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    options: Vec<String>,
}

impl Server {
    /// Starts a server that keeps nothing on disk; `None`, with a word to
    /// standard error, where no server could be fetched.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn start(options: &[&str]) -> Result<Option<Self>, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let tools = checkout().join(".tools/redis");
        if let Ok(why) = fs::read_to_string(tools.join("skipped")) {
            eprintln!("SKIPPED, there is no Redis: {}", why.trim());
            return Ok(None);
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("semantic-router-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let free = TcpListener::bind(any).and_then(|listener| listener.local_addr());
        let address = free.map_err(at(&folder))?;
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = spawn(&folder, address, &options)?;
        let server = Self { child, folder, address, options };
        server.wait_until_ready().await?;
        Ok(Some(server))
    }

    /// Where it is, with the password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@{}", self.address)
    }

    /// Ends it at once; what it had is lost.
    pub async fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill().await;
    }

    /// Starts it again, empty, where it was.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.child = spawn(&self.folder, self.address, &self.options)?;
        self.wait_until_ready().await
    }

    /// Has it do nothing until it is resumed.
    ///
    /// # Errors
    /// The program `kill` cannot be run.
    pub async fn pause(&self) -> Result<(), Error> {
        self.signal("STOP").await
    }

    /// Has it go on.
    ///
    /// # Errors
    /// The program `kill` cannot be run.
    pub async fn resume(&self) -> Result<(), Error> {
        self.signal("CONT").await
    }

    async fn signal(&self, name: &str) -> Result<(), Error> {
        let id = self.child.id().unwrap_or_default().to_string();
        let kill = PathBuf::from("kill");
        let status = Command::new(&kill).args(["-s", name, &id]).status().await;
        status.map_err(at(&kill))?;
        Ok(())
    }

    /// Has it do a command.
    ///
    /// # Errors
    /// What it answered.
    pub async fn command<T: FromRedisValue>(
        &self,
        name: &str,
        arguments: &[&[u8]],
    ) -> RedisResult<T> {
        let client = Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = Cmd::new();
        command.arg(name).arg(arguments);
        command.query_async(&mut connection).await
    }

    /// Everything it has, as it writes it to a disk, uncompressed.
    ///
    /// # Errors
    /// It does not write it.
    pub async fn dump(&self) -> Result<Vec<u8>, Error> {
        let saved = self.command::<()>("SAVE", &[]).await;
        saved.map_err(|error| Error::Silent(error, self.log()))?;
        let file = self.folder.join("dump.rdb");
        let bytes = fs::read(&file).map_err(at(&file))?;
        fs::remove_file(&file).map_err(at(&file))?;
        Ok(bytes)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    async fn wait_until_ready(&self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            match self.command::<String>("PING", &[]).await {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > START => {
                    return Err(Error::Silent(error, self.log()));
                }
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is paused ends as well.
        let _ = self.child.start_kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &PathBuf, address: SocketAddr, options: &[String]) -> Result<Child, Error> {
    let program = checkout().join(".tools/redis/server");
    if !program.exists() {
        return Err(Error::NotFetched(program));
    }
    let port = address.port().to_string();
    let child = Command::new(&program)
        .args(["--bind", "127.0.0.1", "--port", &port, "--requirepass", PASSWORD])
        .args(["--save", "", "--rdbcompression", "no", "--logfile", "log", "--dir"])
        .arg(folder)
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    Ok(child.map_err(at(&program))?)
}
