//! The errors of every crate below as one type, each with Docker's exit code.

use nix::errno::Errno;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Sys(#[from] sys::Error),
    #[error(transparent)]
    Limits(#[from] cgroups::Error),
    #[error(transparent)]
    Image(#[from] images::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Build(#[from] build::Error),
    #[error(transparent)]
    Run(#[from] run::Error),
    #[error(transparent)]
    Monitor(#[from] monitor::Error),
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A name or a platform.
    #[error(transparent)]
    Distribution(#[from] distribution::Error),
    /// A login, or the connection to a registry.
    #[error(transparent)]
    Http(#[from] http_client::Error),
    #[error("no image '{0}' here; `galley images` lists them")]
    NoImage(String),
    #[error("the container {container} runs from image '{image}'; `galley stop {container}` first")]
    ImageInUse { image: String, container: String },
    #[error("image '{image}' has several names: {names}; remove it by name, or all of them with --force")]
    SeveralNames { image: String, names: String },
    #[error("no home for images: set GALLEY_HOME, or HOME")]
    NoHome,
    #[error("{0}")]
    Usage(String),
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Image(error.into())
    }
}

impl Error {
    /// The next step to take, as the end of the message, where it is a command or flag
    /// of galley: the crates below do not know them.
    pub fn hint(&self) -> String {
        if let Self::Monitor(error) = self
            && let hint = hint_of_container(error)
            && !hint.is_empty()
        {
            return hint;
        }
        let chain = std::iter::successors(Some(self as &dyn std::error::Error), |error| error.source());
        for error in chain {
            if let Some(archive::Error::TooLarge { .. }) = error.downcast_ref() {
                return "; if you trust it, allow more with --layer-limit or GALLEY_LAYER_LIMIT".to_owned();
            }
            if error.downcast_ref().is_some_and(|error: &sys::Error| error.errno == Errno::ENOSPC) {
                return "; `galley prune` frees what no image needs".to_owned();
            }
        }
        String::new()
    }

    /// The exit code of `galley run`, as Docker's: 126 and 127 if the program could
    /// not be started, and 125 for every other error.
    pub fn code_of_run(&self) -> u8 {
        match self {
            Self::Monitor(error) => error.code(),
            _ => 125,
        }
    }

    /// That of the other commands: a failed RUN's own, so that a script can tell
    /// what happened, and otherwise 1.
    pub fn code(&self) -> u8 {
        match self {
            Self::Build(error) => error.exit_code(),
            _ => 1,
        }
    }
}

/// The end of a message about a container.
pub fn hint_of_container(error: &monitor::Error) -> String {
    use monitor::Error;

    match error {
        Error::Run(run::Error::Listen { source, .. }) if source.kind() == std::io::ErrorKind::AddrInUse => {
            "; another program uses that port: choose a different one, or stop it (`ss -ltnp` shows which)".to_owned()
        }
        Error::Run(run::Error::Listen { source, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {
            "; ports below 1024 are root's: choose a higher one".to_owned()
        }
        Error::NoContainer(_) => "; `galley ps -a` lists them".to_owned(),
        Error::Running(_) => ", or use -f".to_owned(),
        Error::Damaged { id, .. } => format!("; `galley rm -f {}` removes it", monitor::short(id)),
        Error::RelativeWorkdir(_) => " (-w, or WORKDIR of the image)".to_owned(),
        _ => String::new(),
    }
}
