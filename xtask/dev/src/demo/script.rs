//! What is typed, and a line of explanation for each.

use xtask::packages;

/// What to look for in a command's output.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    None,
    /// The page greets Ada.
    Page,
    /// At least one line of the build was reused.
    Cached,
    Pushed,
    Pulled,
}

/// One command.
pub struct Line {
    /// The part that begins here.
    pub heading: Option<&'static str>,
    pub says: &'static str,
    pub command: String,
    pub check: Check,
    /// Whether it may ask for something on the terminal.
    pub asks: bool,
}

fn line(says: &'static str, command: impl Into<String>) -> Line {
    Line { heading: None, says, command: command.into(), check: Check::None, asks: false }
}

impl Line {
    fn begins(self, heading: &'static str) -> Self {
        Self { heading: Some(heading), ..self }
    }

    fn checked(self, check: Check) -> Self {
        Self { check, ..self }
    }
}

/// Where the image goes, and how to prove who one is there.
pub enum Destination {
    /// The registry of the demo itself, by its address.
    Embedded(String),
    /// A real one: the registry, a path in it, and whose path it is.
    Real { registry: String, path: String },
}

impl Destination {
    /// The image's full name.
    fn image(&self) -> String {
        match self {
            Self::Embedded(registry) => format!("{registry}/ada/quotes:1"),
            Self::Real { registry, path } => format!("{registry}/{path}/quotes:1"),
        }
    }

    fn login(&self) -> Line {
        match self {
            Self::Embedded(registry) => line(
                "The image's name says where it goes. First prove who you are.",
                format!("echo pantry | galley login -u ada --password-stdin {registry}"),
            ),
            Self::Real { registry, .. } => Line {
                asks: true,
                ..line(
                    "The image's name says where it goes. First prove who you are, unless that is stored already.",
                    format!("galley login {registry}"),
                )
            },
        }
    }
}

/// The whole workshop, in three parts. With `limits`, containers can have some.
pub fn lines(limits: bool, destination: &Destination) -> Vec<Line> {
    let mut lines = what_a_container_is(limits);
    lines.extend(build_and_run());
    lines.extend(push_and_pull(destination));
    lines
}

fn what_a_container_is(limits: bool) -> Vec<Line> {
    let flags = if limits { "--memory 64m --pids-limit 20 " } else { "" };
    let pid = "$(galley inspect --format '{{.State.Pid}}' look)";
    vec![
        line(
            "A container is a process. Start one that only sleeps.",
            format!("galley run -d --name look {flags}busybox sleep 300"),
        )
        .begins("1. What a container is"),
        line(
            "It has two process ids: one out here, and 1 in its own pid namespace.",
            format!("grep NSpid /proc/{pid}/status"),
        ),
        line(
            "Its namespaces are not this shell's: the numbers differ.",
            format!("ls -l /proc/self/ns /proc/{pid}/ns | grep -o '[a-z]*:\\[[0-9]*\\]' | sort | uniq -u"),
        ),
        line("Its control groups hold its limits.", format!("cat /proc/{pid}/cgroup")),
        line(
            "From inside it sees a host of its own, with few processes.",
            "galley run --rm --hostname galley busybox sh -c 'hostname; ps'",
        ),
        line("It is gone with its process.", "galley rm -f look"),
    ]
}

fn build_and_run() -> Vec<Line> {
    vec![
        line("A recipe of eight lines.", "cat Dockerfile").begins("2. Build an image, and run it"),
        line("Each line becomes a step; those that change files make a layer.", "galley build -t ada/quotes:1 ."),
        line("The same again: nothing has changed, so nothing is done.", "galley build -t ada/quotes:1 .")
            .checked(Check::Cached),
        line(
            "Run it, with port 4567 of this machine carried to port 80 inside.",
            "galley run -d -p 4567:80 --name quotes ada/quotes:1",
        ),
        page(),
        line("What is here, and what runs.", "galley images; galley ps"),
    ]
}

fn page() -> Line {
    line(
        "Fetch the page, as a browser would.",
        "curl --silent --fail --retry 30 --retry-all-errors --retry-delay 1 http://localhost:4567/hello/Ada",
    )
    .checked(Check::Page)
}

fn push_and_pull(destination: &Destination) -> Vec<Line> {
    let name = destination.image();
    let mut lines = vec![
        destination.login().begins("3. Push it to a registry, and pull it back"),
        line("Give the image its full name.", format!("galley tag ada/quotes:1 {name}")),
        line("Send it.", format!("galley push {name}")).checked(Check::Pushed),
    ];
    if matches!(destination, Destination::Embedded(_)) && packages::find("skopeo").is_some() {
        lines.push(line(
            "Another tool reads it: it is a plain OCI image.",
            format!("skopeo inspect --tls-verify=false --creds ada:pantry docker://{name} | head -n 12"),
        ));
    }
    let remove = format!(
        "galley stop -t 1 quotes && galley rm quotes && galley rmi ada/quotes:1 {name} && galley prune --all --force"
    );
    lines.extend([
        line("Now remove everything local.", remove),
        line("Nothing is left.", "galley images"),
        line("Fetch it again, and check every byte against its digest.", format!("galley pull {name}"))
            .checked(Check::Pulled),
        line("Run what came back.", format!("galley run -d -p 4567:80 --name quotes {name}")),
        page(),
        line("And put it away.", "galley rm -f quotes"),
    ]);
    lines
}
