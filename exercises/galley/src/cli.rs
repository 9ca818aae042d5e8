//! The commands and flags that a Docker user's fingers already know.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A container runtime, small enough to read.
#[derive(Parser)]
#[command(name = "galley", version, max_term_width = 100)]
pub struct Arguments {
    /// How much a layer may unpack to, such as 32g [default: 16g]
    #[arg(long, global = true, value_name = "SIZE")]
    pub layer_limit: Option<String>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Build an image from a Dockerfile
    Build(Build),
    /// Create a container and run a command in it
    Run(Box<Run>),
    /// List images
    Images(Quiet),
    /// List containers
    Ps(Ps),
    /// Show what a detached container printed
    Logs(Logs),
    /// Run another command in a container that runs
    Exec(Exec),
    /// Send containers a signal
    Kill(Kill),
    /// Stop containers: the stop signal first, SIGKILL after the grace
    Stop(Stop),
    /// Remove containers
    Rm(Remove),
    /// Give an image a second name
    Tag { image: String, name: String },
    /// Remove images by name or id
    Rmi(RemoveImages),
    /// Show which instruction made which layer of an image
    History(History),
    /// Write images into one file, to carry where no registry is
    Save(Save),
    /// Read images from a file that galley, Docker, podman or skopeo saved
    Load {
        /// The file [default: standard input]
        #[arg(short, long, value_name = "FILE")]
        input: Option<PathBuf>,
    },
    /// Show an image's config and manifest, or a container's record, as JSON
    Inspect {
        /// Only this of it, such as '{{.State.Pid}}'
        #[arg(short, long, value_name = "TEMPLATE")]
        format: Option<String>,
        name: String,
    },
    /// Check a user name and password with a registry, and remember them
    Login(Login),
    /// Forget a registry's user name and password
    Logout { registry: Option<String> },
    /// Send an image to its registry
    Push {
        /// Of an image for several platforms, send only this one
        #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]")]
        platform: Option<String>,
        image: String,
    },
    /// Fetch an image from its registry
    Pull {
        /// Fetch the image for this platform [default: this machine's]
        #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]", conflicts_with = "all_platforms")]
        platform: Option<String>,
        /// Fetch the images for all platforms
        #[arg(long)]
        all_platforms: bool,
        image: String,
    },
    /// Remove what nothing needs: ended containers, unnamed images, leftovers
    Prune {
        /// Also remove images that no container uses
        #[arg(long)]
        all: bool,
        /// Do not ask
        #[arg(short, long)]
        force: bool,
    },
}

#[derive(Args)]
pub struct Build {
    /// The name for the image; may be given several times
    #[arg(short, long = "tag", value_name = "NAME[:TAG]")]
    pub tags: Vec<String>,
    /// The Dockerfile [default: CONTEXT/Dockerfile]
    #[arg(short, long, value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// A value for an ARG of the Dockerfile
    #[arg(long = "build-arg", value_name = "NAME=VALUE")]
    pub build_args: Vec<String>,
    /// Build this stage of the Dockerfile, and not the last
    #[arg(long, value_name = "STAGE")]
    pub target: Option<String>,
    /// What a RUN can reach
    #[arg(long, value_enum, default_value = "host")]
    pub network: BuildNetwork,
    /// Carry out every instruction, whatever is known from before
    #[arg(long)]
    pub no_cache: bool,
    /// The directory whose files COPY means
    pub context: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum BuildNetwork {
    /// The host's network
    Host,
    /// Nothing but loopback
    None,
}

#[derive(Args)]
pub struct RemoveImages {
    /// With an id: remove the image although it has several names
    #[arg(short, long)]
    pub force: bool,
    #[arg(required = true)]
    pub images: Vec<String>,
}

#[derive(Args)]
pub struct History {
    /// Print only the layers' digests, the newest first
    #[arg(short, long)]
    pub quiet: bool,
    /// Show every instruction whole
    #[arg(long)]
    pub no_trunc: bool,
    pub image: String,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For every tool: an OCI image layout that `docker load` of any age reads too
    Docker,
    /// An OCI image layout alone
    Oci,
}

#[derive(Args)]
pub struct Save {
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "docker")]
    pub format: Format,
    #[arg(required = true)]
    pub images: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Network {
    /// A network of its own: loopback, the published ports, and a way out
    Private,
    /// The same without a way out
    None,
    /// The host's network
    Host,
}

#[derive(Args)]
pub struct Run {
    /// Publish a port or a range: [ADDRESS:]HOST:CONTAINER
    #[arg(short, long, value_name = "PORTS")]
    pub publish: Vec<String>,
    /// Run in the background and print the container's id
    #[arg(short, long)]
    pub detach: bool,
    /// Remove the container when it has ended
    #[arg(long)]
    pub rm: bool,
    /// Let the program read standard input
    #[arg(short, long)]
    pub interactive: bool,
    /// Give the program a terminal
    #[arg(short, long)]
    pub tty: bool,
    /// Set a variable: NAME=VALUE, or NAME to pass yours on
    #[arg(short, long, value_name = "VARIABLE")]
    pub env: Vec<String>,
    /// Show a file or directory of the host inside: HOST:CONTAINER[:ro]
    #[arg(short, long, value_name = "VOLUME")]
    pub volume: Vec<String>,
    /// An empty directory in memory: PATH[:OPTIONS], such as /run:size=64m,mode=755
    #[arg(long, value_name = "TMPFS")]
    pub tmpfs: Vec<String>,
    /// The directory to start in
    #[arg(short, long, value_name = "PATH")]
    pub workdir: Option<PathBuf>,
    /// The user: NAME or ID, with :GROUP if wanted
    #[arg(short, long)]
    pub user: Option<String>,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub hostname: Option<String>,
    /// The program, in place of the image's ENTRYPOINT
    #[arg(long)]
    pub entrypoint: Option<String>,
    /// Put a process 1 first that reaps and forwards signals
    #[arg(long)]
    pub init: bool,
    /// A memory limit, such as 64m
    #[arg(short, long)]
    pub memory: Option<String>,
    /// A limit in processors, such as 0.5
    #[arg(long)]
    pub cpus: Option<String>,
    /// The most processes and threads
    #[arg(long, value_name = "NUMBER")]
    pub pids_limit: Option<u64>,
    /// The network it sees [default: private]
    #[arg(long, value_enum)]
    pub network: Option<Network>,
    /// Let nothing in the root file system be changed
    #[arg(long)]
    pub read_only: bool,
    /// Give root inside a capability more, by name or ALL
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_add: Vec<String>,
    /// Take a capability from root inside, by name or ALL
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_drop: Vec<String>,
    /// no-new-privileges, seccomp=FILE, or seccomp=unconfined
    #[arg(long, value_name = "OPTION")]
    pub security_opt: Vec<String>,
    /// Protect the host from the container in no way
    #[arg(long)]
    pub privileged: bool,
    /// Use a directory in an image's place
    #[arg(long, value_name = "DIR")]
    pub rootfs: Option<PathBuf>,
    /// The image (not with --rootfs), then the command and its arguments
    #[arg(trailing_var_arg = true, value_name = "IMAGE [COMMAND]")]
    pub rest: Vec<String>,
}

#[derive(Args)]
pub struct Exec {
    /// Let the program read standard input
    #[arg(short, long)]
    pub interactive: bool,
    /// Give the program a terminal
    #[arg(short, long)]
    pub tty: bool,
    /// Set a variable: NAME=VALUE, or NAME to pass yours on
    #[arg(short, long, value_name = "VARIABLE")]
    pub env: Vec<String>,
    /// The directory to start in
    #[arg(short, long, value_name = "PATH")]
    pub workdir: Option<PathBuf>,
    /// The user: NAME or ID, with :GROUP if wanted
    #[arg(short, long)]
    pub user: Option<String>,
    pub container: String,
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

#[derive(Args)]
pub struct Logs {
    /// Go on until the container ends
    #[arg(short, long)]
    pub follow: bool,
    pub container: String,
}

#[derive(Args)]
pub struct Kill {
    /// The signal, by name or number
    #[arg(short, long, default_value = "KILL")]
    pub signal: String,
    #[arg(required = true)]
    pub containers: Vec<String>,
}

#[derive(Args)]
pub struct Quiet {
    /// Print only the ids
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Args)]
pub struct Ps {
    /// Show those that have ended, too
    #[arg(short, long)]
    pub all: bool,
    /// Print only the ids
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Args)]
pub struct Stop {
    /// Seconds to wait before SIGKILL
    #[arg(short, long, default_value_t = 10)]
    pub time: u64,
    #[arg(required = true)]
    pub containers: Vec<String>,
}

#[derive(Args)]
pub struct Remove {
    /// Kill a container that runs
    #[arg(short, long)]
    pub force: bool,
    #[arg(required = true)]
    pub containers: Vec<String>,
}

#[derive(Args)]
pub struct Login {
    /// Without it, what is stored is tried, and asked for if that does not do
    #[arg(short, long)]
    pub username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub password_stdin: bool,
    /// The registry [default: docker.io]
    pub registry: Option<String>,
}
