//! The registry as a program: `cargo xtask registry`. `--mirror` makes it a mirror
//! of Docker Hub, `--mirror=URL` of another registry.

use std::process::ExitCode;

use registry_server::{DOCKER_HUB, Fault, Options, Server};

const USAGE: &str = "usage: registry-server [--listen 127.0.0.1:5000] [--root DIR] [--auth USER:PASSWORD] [--tokens] \
    [--mirror[=URL]] [--fault METHOD,PART-OF-PATH,429|drop=BYTES|cut=BYTES|corrupt|wrong-digest|slow=MS|redirect=URL]...\n\
    \n\
    --root      where to store blobs and manifests [default: a temporary directory]\n\
    --auth      the one user and the password that are let in\n\
    --tokens    ask for a token instead of the password itself\n\
    --mirror    fetch what is missing from Docker Hub, or from URL, and take no pushes\n\
    --fault     what goes wrong with the first request that fits";

fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some((options, faults)) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match Server::start(options) {
        Ok(server) => {
            faults.into_iter().for_each(|fault| server.order(fault));
            server.print_requests();
            println!("registry on {}", server.address());
            server.wait();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("registry-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<(Options, Vec<Fault>)> {
    let mut options = Options { listen: "127.0.0.1:5000".parse().ok(), ..Options::default() };
    let mut faults = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--tokens" => options.tokens = true,
            "--mirror" => options.mirror = Some(DOCKER_HUB.to_owned()),
            "--listen" => options.listen = Some(arguments.next()?.parse().ok()?),
            "--root" => options.root = Some(arguments.next()?.into()),
            "--fault" => faults.push(Fault::parse(&arguments.next()?)?),
            "--auth" => {
                let value = arguments.next()?;
                options.auth = value.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()));
                options.auth.as_ref()?;
            }
            other => options.mirror = Some(other.strip_prefix("--mirror=")?.to_owned()),
        }
    }
    Some((options, faults))
}
