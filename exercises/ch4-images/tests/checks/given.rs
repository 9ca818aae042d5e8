//! What is given in this chapter, held to the same standard.

use std::fs;

use checks::scratch;

use crate::names;

#[test]
fn a_damaged_archive_is_an_error_and_no_more() {
    let ground = scratch();
    fs::write(ground.path().join("outside"), "untouched").unwrap();
    let whole = || crate::archive::Archive::new().xattr("user.note", b"value").file("one", "1").symlink("two", "one");
    let whole = whole().directory("three", 0o755).hard_link("three/four", "one").file(".wh.five", "").bytes();
    // Numbers that look random and are the same in every run (Knuth's MMIX).
    let mut random: u64 = 1;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for _ in 0..500 {
        let mut damaged = whole.clone();
        let block = next(whole.len() / 512) * 512;
        damaged[block + next(512)] = next(256) as u8;
        // A right checksum, or nothing behind it would ever be reached.
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let header = &damaged[block..block + 512];
        let text = format!("{:06o}\0 ", sum(header) - sum(&header[148..156]) + 256);
        damaged[block + 148..block + 156].copy_from_slice(text.as_bytes());
        let target = ground.path().join("target");
        fs::create_dir(&target).unwrap();
        // Refused or not: it must come back, and have stayed inside.
        let _ = images::unpack(&mut damaged.as_slice(), &target, 1 << 20);
        fs::remove_dir_all(&target).unwrap();
        assert_eq!(names(ground.path()), "outside\n", "a damaged archive made a file outside");
    }
    assert_eq!(fs::read_to_string(ground.path().join("outside")).unwrap(), "untouched");
}
