//! Given: the build as a whole, one instruction after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use images::{Store, spec};
use namespaces::Network;
use storage::{Image, tags};

use crate::cache::{Record, cache_key};
use crate::configure::configure;
use crate::context::Ignore;
use crate::dockerfile::{Source, parse};
use crate::error::{Error, Problem, Result};
use crate::files::Files;
use crate::platform;
use crate::rootfs::Rootfs;
use crate::run::{self, Started};
use crate::stage::{self, Stage};
use crate::stages;
use crate::syntax::{Action, Instruction};
use crate::time;

/// Finds the image that FROM or `COPY --from` names; an error is told in words.
pub type Base<'a> = &'a dyn Fn(&str) -> std::result::Result<Image, String>;

/// Called with the number of bytes of each portion that is packed or unpacked.
pub type Progress = Box<dyn FnMut(u64)>;

/// What to build, and with what.
pub struct Options<'a> {
    /// The directory whose files COPY may use.
    pub context: &'a Path,
    pub dockerfile: &'a Path,
    /// Complete names to give the image, such as `docker.io/ada/quotes:1`.
    pub names: &'a [String],
    /// Values for ARG.
    pub build_args: &'a [(String, String)],
    /// Whether every instruction is carried out, known or not.
    pub no_cache: bool,
    pub base: Base<'a>,
    pub started: Started<'a>,
    /// The stage to build, by name or number; without it the last.
    pub target: Option<&'a str>,
    /// What a RUN can reach: the host's network, or nothing.
    pub network: Network,
    /// Called when many bytes are about to be packed or unpacked, with a label and their
    /// number; what it returns is told of each portion, and dropped in the end.
    pub progress: &'a dyn Fn(&str, u64) -> Progress,
}

/// Builds an image, tells `out` how it goes, and returns the manifest's descriptor.
///
/// The image gets its names when all is done: until then nobody sees it. Call
/// it from a process with mounts of its own ([`namespaces::unshare_mounts`]).
///
/// # Errors
///
/// The first instruction that cannot be carried out, with its line.
pub fn build(store: &Store, options: &Options<'_>, out: &mut dyn Write) -> Result<spec::Descriptor> {
    let source = Source::read(options.dockerfile)?;
    let instructions = parse(&source)?;
    let context = options.context.canonicalize().map_err(Error::io("read the context", options.context))?;
    let ignored = Ignore::read(&context).map_err(Error::io("read .dockerignore of", &context))?;
    let plan = stages::plan(&instructions, options.build_args, options.target)
        .map_err(|(line, problem)| source.fault(line, problem))?;
    let mut builder = Builder {
        store,
        options,
        context,
        ignored,
        out,
        stages: Vec::new(),
        globals: platform::arguments().into(),
        used: BTreeSet::new(),
        place: String::new(),
    };
    for (index, instruction) in plan.instructions.iter().enumerate() {
        builder.place = format!("[{}/{}]", index + 1, plan.instructions.len());
        builder.step(instruction, &plan).map_err(|error| match error {
            Error::Problem(problem) => source.fault(instruction.line, problem),
            error => Error::Step { file: source.file.clone(), line: instruction.line, source: Box::new(error) },
        })?;
    }
    builder.finish()
}

struct Builder<'a> {
    store: &'a Store,
    options: &'a Options<'a>,
    context: PathBuf,
    ignored: Ignore,
    out: &'a mut dyn Write,
    stages: Vec<Stage>,
    /// ARGs before the first FROM, and those that every build has.
    globals: BTreeMap<String, String>,
    /// Build arguments that an ARG asked for.
    used: BTreeSet<String>,
    /// `[2/8]`
    place: String,
}

impl Builder<'_> {
    /// One instruction: from the cache if it is known there, by doing it if not.
    fn step(&mut self, instruction: &Instruction, plan: &stages::Plan) -> Result<()> {
        let action = match &instruction.action {
            // The next stage knows nothing of the one before: only ARGs above all stages count.
            from @ Action::From { .. } => from.expanded(&|name| self.globals.get(name).cloned())?,
            other => other.expanded(&|name| self.variable(name))?,
        };
        match &action {
            Action::From { image, name, platform } => {
                platform.as_deref().map_or(Ok(()), platform::check)?;
                return self.begin(instruction, image, name.clone(), plan);
            }
            Action::Arg(pairs) => self.declare(pairs),
            _ => {}
        }
        let files = self.files(&action)?;
        let parent = self.stages.last().map_or("", |stage| &stage.key);
        let key = cache_key(parent, &self.meaning(instruction, &action), &files.selected)?;
        let anew = self.options.no_cache || self.stages.last().is_some_and(|stage| stage.changed);
        let known = if anew { None } else { Record::find(self.store, &key)? };
        // What cannot be described is not begun.
        let mut description = self.stages.last().map(|stage| stage.description.clone());
        description.as_mut().map_or(Ok(()), |description| configure(description, &action))?;
        self.say(&instruction.text, known.is_some())?;
        let changed = known.is_none();
        let record = known.map_or_else(|| self.carry_out(&action, &files), Ok)?;
        if changed {
            record.keep(self.store, &key)?;
        }
        if let (Some(stage), Some(description)) = (self.stages.last_mut(), description) {
            stage.description = description;
            stage.key = key;
            stage.changed |= changed;
            stage.add(record, &instruction.text);
        }
        Ok(())
    }

    /// An instruction's text with its variables filled in, as the cache compares it.
    fn meaning(&self, instruction: &Instruction, action: &Action) -> String {
        match action {
            // An argument counts with the value it has by now, whoever gave it.
            Action::Arg(pairs) => {
                let values: Vec<_> = pairs.iter().map(|(name, _)| (name, self.variable(name))).collect();
                format!("ARG {values:?}")
            }
            other => format!("{}\n{other:?}", instruction.text),
        }
    }

    /// Does what an instruction asks for, and times it.
    fn carry_out(&mut self, action: &Action, files: &Files) -> Result<Record> {
        let begun = Instant::now();
        let layer = match (action, self.stages.last()) {
            (Action::Copy(copy), Some(stage)) => Some(stage.copy(self.store, copy, files, self.options)?),
            (Action::Run(command), Some(stage)) => {
                self.out.flush().map_err(Error::io("write to", Path::new("the terminal")))?;
                Some(stage.run(self.store, command, self.options)?)
            }
            (Action::Workdir(_), Some(stage)) => stage.make_directory(self.store, action, self.options)?,
            _ => None,
        };
        if let Some(layer) = &layer {
            let size = shown_size(layer.descriptor.size());
            let digest = images::Digest::try_from(layer.descriptor.digest())?;
            let line = format!("      {:.1}s, layer {}, {size}", begun.elapsed().as_secs_f64(), &digest.hex()[..12]);
            self.print(&line)?;
        }
        Ok(Record { created: time::now(), layer })
    }

    /// FROM: a new stage on top of an image, an earlier stage, or nothing.
    fn begin(
        &mut self,
        instruction: &Instruction,
        image: &str,
        name: Option<String>,
        plan: &stages::Plan,
    ) -> Result<()> {
        if image.is_empty() {
            let problem = Problem::new("FROM", "FROM names no image: a variable in it is not set");
            return Err(problem.suggest("give it a default in an ARG above the first FROM").into());
        }
        let number = plan.stage_at(instruction.line);
        let mut stage = if let Some(earlier) = self.stage(image) {
            Stage { number, name, changed: earlier.changed, ..earlier.clone_image() }
        } else if image == "scratch" {
            Stage::of(number, name, "scratch".into(), spec::ImageConfiguration::default(), Vec::new())
        } else {
            let base = self.base(image)?;
            Stage::of(number, name, base.id()?.to_string(), base.config.clone(), base.layers().to_vec())
        };
        stage.description.own_command = false;
        stage.key = cache_key(&stage.key, "FROM", &[])?;
        let known = !self.options.no_cache && Record::find(self.store, &stage.key)?.is_some();
        self.say(&instruction.text, known)?;
        if !known {
            Record { created: time::now(), layer: None }.keep(self.store, &stage.key)?;
        }
        self.stages.push(stage);
        Ok(())
    }

    /// ARG: the caller's value, or the default, or that of an ARG before the first FROM.
    fn declare(&mut self, pairs: &[(String, Option<String>)]) {
        for (name, default) in pairs {
            let given =
                self.options.build_args.iter().rfind(|(given, _)| given == name).map(|(_, value)| value.clone());
            self.used.extend(given.is_some().then(|| name.clone()));
            let inherited = if self.stages.is_empty() { None } else { self.globals.get(name).cloned() };
            let Some(value) = given.or_else(|| default.clone()).or(inherited) else { continue };
            let arguments = self.stages.last_mut().map_or(&mut self.globals, |stage| &mut stage.arguments);
            arguments.insert(name.clone(), value);
        }
    }

    /// What a variable stands for: ENV comes before ARG.
    fn variable(&self, name: &str) -> Option<String> {
        let Some(stage) = self.stages.last() else { return self.globals.get(name).cloned() };
        let env = stage.description.config.env().iter().flatten();
        let set = env.rev().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
        set.or_else(|| stage.arguments.get(name).cloned())
    }

    /// An earlier stage, by name or number.
    fn stage(&self, name: &str) -> Option<&Stage> {
        let by_name = self.stages.iter().rfind(|stage| stage.name.as_deref() == Some(name));
        by_name.or_else(|| self.stages.iter().find(|stage| name.parse() == Ok(stage.number)))
    }

    fn base(&self, name: &str) -> Result<Image> {
        (self.options.base)(name).map_err(|message| Problem::new(name, message).into())
    }

    /// The files that an instruction copies, from the context or from a stage.
    fn files(&self, action: &Action) -> Result<Files> {
        let Action::Copy(copy) = action else { return Ok(Files::default()) };
        let root = match copy.from.as_deref() {
            None => None,
            Some(name) => {
                let layers = match self.stage(name) {
                    Some(stage) => stage.layers.clone(),
                    None => self.base(name)?.layers().to_vec(),
                };
                stage::unpack(self.store, &layers, self.options)?;
                Some(Rootfs::mount(self.store, &layers)?)
            }
        };
        Files::of(self.store, copy, root, &self.context, &self.ignored)
    }

    /// Writes the configuration, the manifest and the names.
    fn finish(mut self) -> Result<spec::Descriptor> {
        for (name, _) in self.options.build_args {
            if !self.used.contains(name) && !run::is_predefined(name) {
                self.print(&format!("warning: no ARG asks for the build argument {name}"))?;
            }
        }
        let Some(stage) = self.stages.pop() else { return Err(Problem::new("", "there is no FROM").into()) };
        let mut config = stage.image;
        config.set_config(Some(stage.description.config));
        let manifest = self.store.add_image(&config, &stage.layers)?;
        let id = Image::read(self.store, &manifest.digest().try_into()?)?.id()?;
        self.print(&format!("writing image {id}"))?;
        if self.options.names.is_empty() {
            tags::add_unnamed(self.store, &manifest)?;
        }
        for name in self.options.names {
            tags::set(self.store, name, &manifest)?;
            self.print(&format!("naming to {name}"))?;
        }
        Ok(manifest)
    }

    /// The line of an instruction, on one line however many it has.
    fn say(&mut self, text: &str, cached: bool) -> Result<()> {
        let first = text.lines().next().unwrap_or_default();
        let words: Vec<&str> = first.split_whitespace().collect();
        let cached = if cached { "CACHED " } else { "" };
        self.print(&format!("{cached}{} {}", self.place, words.join(" ")))
    }

    fn print(&mut self, line: &str) -> Result<()> {
        writeln!(self.out, "{line}").map_err(Error::io("write to", Path::new("the terminal")))
    }
}

/// Bytes as people read them.
fn shown_size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
