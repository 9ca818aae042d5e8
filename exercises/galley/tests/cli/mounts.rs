//! What of the host is seen inside, and what may be written.

use std::fs;
use std::process::Command;

use crate::world::World;

#[test]
fn nothing_is_written_where_it_should_not_be() {
    for world in World::each() {
        let shelf = world.root.inside("/tmp");
        let mut command = Command::new("mkdir");
        assert!(command.arg(shelf.join("shelf")).status().unwrap().success());
        let shelf = shelf.join("shelf");
        fs::write(shelf.join("jam"), "plum").unwrap();
        if let Some(id) = world.user {
            std::os::unix::fs::chown(&shelf, Some(id), Some(id)).unwrap();
        }
        let volume = |option: &str| format!("{}:/shelf{option}", shelf.display());

        let done = world.run(&["--rm", "-v", &volume("")], &["read:/shelf/jam", "write:/shelf/new=bread"]);
        assert_eq!(done.view().get("read:/shelf/jam"), "plum", "{}", done.err);
        assert_eq!(fs::read_to_string(shelf.join("new")).unwrap(), "bread", "what was written inside is on the host");

        let done = world.run(&["--rm", "-v", &volume(":ro")], &["read:/shelf/jam", "write:/shelf/more=bread"]);
        assert_eq!(done.view().get("read:/shelf/jam"), "plum", "{}", done.err);
        assert!(done.out.contains("Read-only file system"), ":ro was written to: {}", done.out);
        assert!(!shelf.join("more").exists());

        let done = world.run(&["--rm", "--read-only"], &["read:/nonce", "write:/mark=1", "write:/dev/shm/mark=1"]);
        assert_eq!(done.view().get("read:/nonce"), world.root.nonce(), "{}", done.err);
        assert!(done.view().get("write:/mark=1").contains("Read-only"), "--read-only was written to: {}", done.out);
        assert_eq!(done.view().get("write:/dev/shm/mark=1"), "ok", "memory of its own is still writable");
        assert!(!world.root.inside("/mark").exists());

        assert_eq!(world.run(&["--rm", "-v", "/no/such/place:/shelf"], &[]).code, 125, "a missing source");
        world.assert_clean(&[]);
    }
}
