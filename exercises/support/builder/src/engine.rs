//! The build as a whole, one instruction after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use dockerfile::{Action, Diagnostic, IgnoreRule, Instruction, Source, ignore_rules, parse, plan};
use images::{Store, spec};
use storage::{Image, tags};
use sys::Context;

use crate::cache::{CacheRecords, Record};
use crate::error::{Error, Result};
use crate::execution::{Execution, print, unpack};
use crate::files::Files;
use crate::host::is_predefined;
use crate::options::Options;
use crate::overlay::Overlay;
use crate::platform::{check_platform, platform_args};
use crate::stage::Stage;
use crate::steps::{StageCache, Steps};

/// Builds an image with the given steps, prints to `out` what it does, and returns the
/// manifest's descriptor.
///
/// The image gets its names when everything is done: until then nobody sees it. Call it
/// from a process with a mount namespace of its own ([`namespaces::unshare_mounts`]).
///
/// # Errors
/// The first instruction that cannot be executed, with its line.
pub fn build(store: &Store, options: &Options<'_>, steps: &Steps, out: &mut dyn Write) -> Result<spec::Descriptor> {
    let source = Source::read(options.dockerfile)?;
    let plan = plan(parse(&source)?, options.build_args, options.target, steps.expand)
        .map_err(|(line, diagnostic)| source.locate(line, diagnostic))?;
    let context = options.context.canonicalize().context("realpath", options.context)?;
    let ignored = ignore_rules(&context, options.dockerfile)?;
    let mut builder = Builder {
        store,
        options,
        steps,
        context,
        ignored,
        out,
        stages: Vec::new(),
        globals: platform_args().into(),
        used_args: BTreeSet::new(),
        done: 0,
        total: plan.globals.len() + plan.stages.iter().map(|stage| stage.instructions.len()).sum::<usize>(),
    };
    let stages = plan.stages.iter().flat_map(|stage| stage.instructions.iter().map(|it| (stage.number, it)));
    for (number, instruction) in plan.globals.iter().map(|it| (0, it)).chain(stages) {
        builder.execute(instruction, number).map_err(|error| match error {
            Error::Diagnostic(diagnostic) => source.locate(instruction.line, diagnostic).into(),
            error => Error::Instruction { file: source.file.clone(), line: instruction.line, source: Box::new(error) },
        })?;
    }
    builder.finish()
}

struct Builder<'a> {
    store: &'a Store,
    options: &'a Options<'a>,
    steps: &'a Steps,
    context: PathBuf,
    ignored: Vec<IgnoreRule>,
    out: &'a mut dyn Write,
    /// The stages so far; the last one is being built.
    stages: Vec<Stage>,
    /// ARGs before the first FROM, and those that every build has.
    globals: BTreeMap<String, String>,
    /// Build arguments for which there was an ARG.
    used_args: BTreeSet<String>,
    /// Instructions begun, of `total`.
    done: usize,
    total: usize,
}

impl Builder<'_> {
    /// One instruction of the stage with this number.
    fn execute(&mut self, instruction: &Instruction, number: usize) -> Result<()> {
        self.done += 1;
        let is_from = matches!(instruction.action, Action::From { .. });
        // A new stage knows nothing of the one before: only ARGs above all stages count.
        let value = |name: &str| if is_from { self.globals.get(name).cloned() } else { self.variable(name) };
        let action = instruction.action.expanded(self.steps.expand, &value)?;
        match &action {
            Action::From { image, name, platform } => {
                platform.as_deref().map_or(Ok(()), check_platform)?;
                let stage = self.start_stage(image)?;
                self.stages.push(Stage { number, name: name.clone(), ..stage });
            }
            Action::Arg(pairs) => self.define_args(pairs),
            _ => {}
        }
        let files = self.files(&action)?;
        let parent = self.stages.last().map_or("", |stage| &stage.key);
        let key = (self.steps.cache_key)(parent, &self.cache_text(instruction, &action), &files.selected)?;
        // What cannot be described is not begun.
        let mut draft = self.stages.last().map(|stage| stage.draft.clone());
        draft.as_mut().map_or(Ok(()), |draft| (self.steps.configure)(draft, &action))?;
        let (record, missed) = self.reuse_or_execute(&key, instruction, &action, files)?;
        if let (Some(stage), Some(draft)) = (self.stages.last_mut(), draft) {
            (stage.draft, stage.key, stage.missed) = (draft, key, missed);
            if !is_from {
                stage.record(record, &instruction.text);
            }
        }
        Ok(())
    }

    /// The result of an instruction, and whether it or one above it had to be executed.
    fn reuse_or_execute(
        &mut self,
        key: &str,
        instruction: &Instruction,
        action: &Action,
        files: Files,
    ) -> Result<(Record, bool)> {
        let stage = self.stages.last();
        let missed = stage.is_some_and(|stage| stage.missed);
        let mut cache = StageCache { records: CacheRecords(self.store), bypass: self.options.bypass_cache, missed };
        let text = instruction.text.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut execution = Execution {
            store: self.store,
            options: self.options,
            steps: self.steps,
            stage,
            action,
            files,
            line: format!("[{}/{}] {text}", self.done, self.total),
            out: self.out,
        };
        let record = (self.steps.reuse_or_execute)(&mut cache, key, &mut execution)?;
        Ok((record, cache.missed))
    }

    /// What the cache compares: an instruction's text with its variables filled in.
    fn cache_text(&self, instruction: &Instruction, action: &Action) -> String {
        match action {
            // The base image is in the parent's key, whatever it was called.
            Action::From { .. } => "FROM".to_owned(),
            // An argument counts with the value it has by now, whoever set it.
            Action::Arg(pairs) => {
                let values: Vec<_> = pairs.iter().map(|(name, _)| (name, self.variable(name))).collect();
                format!("ARG {values:?}")
            }
            other => format!("{}\n{other:?}", instruction.text),
        }
    }

    /// FROM: a new stage on top of an image, an earlier stage, or nothing.
    fn start_stage(&self, image: &str) -> Result<Stage> {
        if image.is_empty() {
            return Err(Diagnostic::new("FROM", "FROM names no image: a variable in it is not set")
                .suggest("give it a default in an ARG above the first FROM")
                .into());
        }
        if let Some(earlier) = self.stage(image) {
            return Ok(earlier.base());
        }
        if image == "scratch" {
            return Ok(Stage::new("scratch".into(), spec::ImageConfiguration::default(), Vec::new()));
        }
        let base = self.find_image(image)?;
        Ok(Stage::new(base.id()?.to_string(), base.config.clone(), base.layers().to_vec()))
    }

    /// ARG: the caller's value, or the default, or that of an ARG before the first FROM.
    fn define_args(&mut self, pairs: &[(String, Option<String>)]) {
        for (name, default) in pairs {
            let build_arg = self.options.build_args.iter().rfind(|(arg, _)| arg == name);
            self.used_args.extend(build_arg.map(|(name, _)| name.clone()));
            let inherited = if self.stages.is_empty() { None } else { self.globals.get(name) };
            let Some(value) = build_arg.map(|(_, value)| value).or(default.as_ref()).or(inherited).cloned() else {
                continue;
            };
            let args = self.stages.last_mut().map_or(&mut self.globals, |stage| &mut stage.args);
            args.insert(name.clone(), value);
        }
    }

    /// The value of a variable: ENV comes before ARG.
    fn variable(&self, name: &str) -> Option<String> {
        let Some(stage) = self.stages.last() else { return self.globals.get(name).cloned() };
        let mut env = stage.draft.config.env().iter().flatten().filter_map(|entry| entry.split_once('='));
        let set = env.find(|(set, _)| *set == name).map(|(_, value)| value.to_owned());
        set.or_else(|| stage.args.get(name).cloned())
    }

    /// An earlier stage, by name or number.
    fn stage(&self, name: &str) -> Option<&Stage> {
        let is_named = |stage: &&Stage| stage.name.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(name));
        let by_name = self.stages.iter().rfind(is_named);
        by_name.or_else(|| self.stages.iter().find(|stage| name.parse() == Ok(stage.number)))
    }

    fn find_image(&self, name: &str) -> Result<Image> {
        (self.options.find_image)(name).map_err(|message| Diagnostic::new(name, message).into())
    }

    /// The files that an instruction copies, from the context or from a stage.
    fn files(&self, action: &Action) -> Result<Files> {
        let Action::Copy(copy) = action else { return Ok(Files::default()) };
        let mut files = Files::default();
        files.selected = match copy.from.as_deref() {
            None => (self.steps.select)(&self.context, &copy.sources, &self.ignored)?,
            Some(name) => {
                let layers = match self.stage(name) {
                    Some(stage) => stage.layers.clone(),
                    None => self.find_image(name)?.layers().to_vec(),
                };
                unpack(self.store, &layers, self.options)?;
                let overlay = files.root.insert(Overlay::of_layers(self.store, &layers)?);
                (self.steps.select)(&overlay.root(), &copy.sources, &[])?
            }
        };
        copy.documents.iter().try_for_each(|document| files.add_document(self.store, document))?;
        Ok(files)
    }

    /// Writes the config and the manifest, and gives the image its names.
    fn finish(mut self) -> Result<spec::Descriptor> {
        for (name, _) in self.options.build_args {
            if !self.used_args.contains(name) && !is_predefined(name) {
                print(self.out, &format!("warning: there is no ARG for the build argument {name}"))?;
            }
        }
        let Some(stage) = self.stages.pop() else { return Err(Diagnostic::new("", "there is no FROM").into()) };
        let manifest = self.store.add_image(&stage.image(), &stage.layers)?;
        let id = Image::read(self.store, &manifest.digest().try_into()?)?.id()?;
        print(self.out, &format!("writing image {id}"))?;
        if self.options.names.is_empty() {
            tags::add_unnamed(self.store, &manifest)?;
        }
        for name in self.options.names {
            tags::set(self.store, name, &manifest)?;
            print(self.out, &format!("naming to {name}"))?;
        }
        Ok(manifest)
    }
}
