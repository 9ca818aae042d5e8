//! The command: which chapters are graded, and the exit code.

use std::time::Duration;

use course::{CHAPTERS, Chapter};

use super::grade::Options;
use super::judge::{first_to_pass, judge_and_remember};
use super::report;
use super::status::{Graded, exit_code};
use crate::error::{Error, Result};
use crate::repo::{self, Repo, Tree};
use crate::{check_integrity, progress_link};

/// What to grade.
pub struct Request {
    pub chapters: Vec<&'static Chapter>,
    /// Only this step, by its number from 1.
    pub step: Option<usize>,
    pub tree: Tree,
    pub json: bool,
    /// How long one check may take, if not as long as by default.
    pub time: Option<Duration>,
    /// Run the checks as this user, which only root can.
    pub user: Option<u32>,
}

/// Grades, prints, and remembers what was passed; returns the exit code.
pub fn run(repo: &Repo, request: &Request) -> Result<u8> {
    if !request.json {
        return show(repo, request);
    }
    let result = request.chapters.iter().map(|chapter| grade_one(repo, chapter, request)).collect();
    println!("{}", report::json(repo, &result, request.tree)?);
    result.map(|all: Vec<Graded>| exit_code(&all))
}

fn show(repo: &Repo, request: &Request) -> Result<u8> {
    let before = progress_link::passed(repo)?;
    let mut all = Vec::new();
    for chapter in &request.chapters {
        report::heading(chapter, request.tree);
        let graded = grade_one(repo, chapter, request)?;
        report::print(repo, &graded, request.tree, request.step);
        report::print_edited(&check_integrity::edited(repo, chapter)?);
        all.push(graded);
    }
    // A fault that is shown leaves no room for it on the screen.
    let more = progress_link::passed(repo)? > before && !all.iter().any(Graded::is_wrong);
    if more && let Some(link) = progress_link::link(repo)? {
        println!("book:  {link}");
    }
    Ok(exit_code(&all))
}

fn grade_one(repo: &Repo, chapter: &'static Chapter, request: &Request) -> Result<Graded> {
    let options = Options { step: request.step, time: request.time, user: request.user, ..Options::default() };
    judge_and_remember(repo, chapter, request.tree, &options)
}

/// The chapters that `ch3`, `ch2..ch4` or nothing stand for. Without a name that is the
/// first chapter that is not passed.
pub fn chapters(repo: &Repo, name: Option<&str>) -> Result<Vec<&'static Chapter>> {
    let Some(range) = name else {
        return Ok(first_to_pass(repo)?.map_or_else(|| CHAPTERS.iter().collect(), |chapter| vec![chapter]));
    };
    let Some((first, last)) = range.split_once("..") else { return Ok(vec![repo::chapter(range)?]) };
    let (first, last) = (repo::chapter(first)?, repo::chapter(last)?);
    if first.number > last.number {
        return Err(Error::Usage(format!("'{range}' is empty: write the smaller chapter first")));
    }
    Ok(CHAPTERS[first.number - 1..last.number].iter().collect())
}
