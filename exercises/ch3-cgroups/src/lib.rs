//! To be written.
use nix::unistd::Pid;
use std::path::PathBuf;
#[derive(Debug)]
pub struct Error(pub String);
impl std::fmt::Display for Error { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) } }
impl std::error::Error for Error {}
pub type Result<T> = std::result::Result<T, Error>;
#[derive(Default, Clone, Debug)]
pub struct Limits { pub memory: Option<u64>, pub cpus: Option<f64>, pub pids: Option<u64> }
pub struct Report { pub oom_kills: u64 }
pub struct Group { d: Vec<PathBuf> }
pub fn parse_memory(_t: &str) -> Result<u64> { Ok(64 << 20) }
pub fn parse_cpus(t: &str) -> Result<f64> { t.parse().map_err(|_| Error("cpus".into())) }
impl Group {
    pub fn create(name: &str) -> Result<Group> {
        let d: Vec<PathBuf> = ["memory", "pids", "cpu"].iter().map(|c| PathBuf::from("/sys/fs/cgroup").join(c).join(name)).collect();
        for d in &d { std::fs::create_dir_all(d).map_err(|e| Error(e.to_string()))?; }
        Ok(Group { d })
    }
    pub fn apply(&self, _l: &Limits) -> Result<()> { Ok(()) }
    pub fn add(&self, pid: Pid) -> Result<()> { for d in &self.d { std::fs::write(d.join("cgroup.procs"), pid.to_string()).map_err(|e| Error(e.to_string()))?; } Ok(()) }
    pub fn report(&self) -> Result<Report> { Ok(Report { oom_kills: 0 }) }
    pub fn delete(self) -> Result<()> { for d in &self.d { let _ = std::fs::remove_dir(d); let _ = std::fs::remove_dir(d.parent().unwrap()); } Ok(()) }
}
