use std::fs;
use std::process::Command;

use checks::{PausedProgram, kernel};

use super::{probe, text, world};

#[test]
fn mounts_stay_on_their_side() {
    let directory = checks::scratch();
    let (inner, outer) = (directory.path().join("inner"), directory.path().join("outer"));
    fs::create_dir(&inner).and_then(|()| fs::create_dir(&outer)).expect("the check can make directories");
    let mut command = Command::new(super::program());
    command.args(["make-mounts-private", text(&inner), probe(), "pid", "hold"]);
    let mut held = PausedProgram::spawn(world::with_shared_mounts(&mut command));
    held.report(1);
    // The program is outside still; its child is in the new mount namespace.
    let (outside, inside) = (held.id(), held.probe_id());
    world::mount_beside(outside, &outer);

    let mut view = checks::View::default();
    view.add("inner, from inside", kernel::mount_at(inside, text(&inner)));
    view.add("inner, from outside", kernel::mount_at(outside, text(&inner)));
    view.add("outer, from outside", kernel::mount_at(outside, text(&outer)));
    view.add("outer, from inside", kernel::mount_at(inside, text(&outer)));
    view.add("mounts that propagate inside", kernel::propagating(inside).to_string());
    checks::view!("mounts", view, {
        "inner, from inside" => "the mount of the container is not there, or not private",
        "inner, from outside" => "what was mounted in the container shows up outside: make `/` private before mounting",
        "outer, from outside" => "the outer mounts are no longer shared: private_mounts must change only its own namespace's",
        "outer, from inside" => "what was mounted outside shows up in the container: MS_SLAVE still receives, MS_PRIVATE does not",
        "mounts that propagate inside" => "only the top mount was made private: MS_REC reaches those below",
    });
    held.release();
}

#[test]
fn the_checks_own_mounts_are_unchanged() {
    let directory = checks::scratch();
    let before = kernel::file(std::process::id(), "mountinfo");
    super::run(&["make-mounts-private", text(directory.path()), probe(), "pid"]);
    let after = kernel::file(std::process::id(), "mountinfo");
    assert_eq!(after, before, "the mounts of the caller have changed");
}
