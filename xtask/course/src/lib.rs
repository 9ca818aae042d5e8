//! The course table: the only place that knows the chapters and their steps.
//!
//! The command line's lists, the checks' names, the starters' `todo!` texts and
//! the book's table of contents are all derived from it. A test of `xtask`
//! compares it with what is on the disk.

/// One graded step: one public function of a chapter crate.
pub struct Step {
    /// The function the learner writes; also the name of its ANCHOR markers.
    pub function: &'static str,
    /// What the step is for, as the rest of a sentence that begins "Step 3:".
    pub goal: &'static str,
}

/// One chapter: one crate in `exercises/` and in `solutions/`.
pub struct Chapter {
    /// The chapter's number in the course, from 1.
    pub number: usize,
    /// The package's name; the directory is `ch{number}-{name}`.
    pub name: &'static str,
    /// The chapter's title in the book.
    pub title: &'static str,
    /// The steps, in the order a reader meets them.
    pub steps: &'static [Step],
}

impl Chapter {
    /// The name used on the command line, such as `ch3`.
    pub fn id(&self) -> String {
        format!("ch{}", self.number)
    }

    /// The directory's name below `exercises/` and `solutions/`.
    pub fn directory(&self) -> String {
        format!("ch{}-{}", self.number, self.name)
    }

    /// The chapter's page below `book/`.
    pub fn page(&self) -> String {
        format!("ch{}-{}.md", self.number, self.name)
    }
}

const fn step(function: &'static str, goal: &'static str) -> Step {
    Step { function, goal }
}

/// Every chapter, in order.
pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        number: 1,
        name: "chroot",
        title: "A process with its own root",
        steps: &[
            step("exit_code", "put the end of a process in one number"),
            step("run", "run a program and report how it ended"),
            step("make_rootfs", "make a root file system out of host programs"),
            step("enter", "enter the new root"),
            step("run_inside", "run a program inside it"),
            step("break_out", "break out again"),
        ],
    },
    Chapter {
        number: 2,
        name: "namespaces",
        title: "Its own view of the system",
        steps: &[
            step("unshare_uts", "take a hostname of your own"),
            step("spawn", "start a process in new namespaces"),
            step("make_mounts_private", "keep mounts to yourself"),
            step("pivot", "swap the root and detach the old one"),
            step("loopback_up", "bring up the network's loopback"),
            step("map_root_user", "be root in a user namespace"),
            step("init", "do the two duties of process 1"),
            step("container_main", "build a container between clone and exec"),
        ],
    },
    Chapter {
        number: 3,
        name: "cgroups",
        title: "Its own share of the machine",
        steps: &[
            step("enable_controllers", "enable controllers for the groups below"),
            step("create", "make a control group"),
            step("apply", "write the limits, and read them back"),
            step("start", "put a process in before it execs"),
            step("report", "see what the limits did"),
            step("kill", "end everything in the group"),
            step("delete", "remove the group, always"),
            step("apply_with_crate", "let a crate set them, and read them back"),
        ],
    },
    Chapter {
        number: 4,
        name: "images",
        title: "Layers, digests and images",
        steps: &[
            step("write_blob", "store bytes under their digest"),
            step("read_blob", "read them back, and refuse what does not match"),
            step("write_layer", "make a layer, with its two digests"),
            step("resolve_beneath", "find a name's directory, and never outside the root"),
            step("unpack", "unpack a layer, entry by entry"),
            step("add_image", "describe layers as an image"),
            step("mount", "stack layers into one root"),
            step("changes", "tell what a container changed"),
        ],
    },
    Chapter {
        number: 5,
        name: "build",
        title: "A Dockerfile becomes an image",
        steps: &[
            step("expand", "fill in variables"),
            step("is_ignored", "decide what .dockerignore leaves out"),
            step("select", "choose the files a COPY means"),
            step("cache_key", "put what an instruction depends on into one key"),
            step("configure", "describe the image in its config"),
            step("reuse_or_execute", "ask the cache before executing"),
            step("copy", "make a layer out of files"),
            step("run", "make a layer out of what a command changed"),
        ],
    },
    Chapter {
        number: 6,
        name: "run",
        title: "An image becomes a process",
        steps: &[
            step("command", "combine ENTRYPOINT and CMD"),
            step("user", "find the user in the image"),
            step("parse_port", "read a published port"),
            step("publish", "carry connections into the container"),
            step("save", "write a record that survives a power cut"),
            step("status", "tell who is alive by a lock"),
            step("process", "open the process that the record means"),
            step("stop", "ask, wait, then insist"),
        ],
    },
    Chapter {
        number: 7,
        name: "registry",
        title: "Push and pull",
        steps: &[
            step("parse_reference", "read an image's name as Docker does"),
            step("parse_challenge", "understand the registry's 401"),
            step("authorize", "answer it with a password or a token"),
            step("push_blob", "upload a blob that is not there yet"),
            step("push", "push an image, its manifest last"),
            step("fetch_manifest", "download a manifest, and refuse any other"),
            step("pull_blob", "download a blob and verify it"),
            step("pull", "pull an image"),
        ],
    },
    Chapter {
        number: 8,
        name: "harden",
        title: "Only the rights it needs",
        steps: &[
            step("limit_capabilities", "leave root a third of its rights"),
            step("switch_user", "give up root for good"),
            step("select_rules", "decide which system calls are made"),
            step("install_filter", "let the kernel refuse the others"),
            step("mask_paths", "cover what speaks of the whole machine"),
            step("restrict_devices", "open no device that is not on a list"),
            step("drop_inherited", "keep nothing of the caller's"),
        ],
    },
];
