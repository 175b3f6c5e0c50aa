//! Functions that no checkpoint needs and that a pickle made for harm calls.
//!
//! Nothing in a pickle is ever called here, so the list need not be complete: it only lets the error
//! say what would have happened elsewhere.

/// Whether a function, as `module.name`, is one of them.
pub(super) fn is_harmful(function: &str) -> bool {
    const HARMFUL: [&str; 22] = [
        "os.system",
        "os.popen",
        "posix.system",
        "posix.popen",
        "nt.system",
        "os.execv",
        "posix.execv",
        "subprocess.Popen",
        "subprocess.call",
        "subprocess.run",
        "subprocess.check_call",
        "subprocess.check_output",
        "builtins.eval",
        "builtins.exec",
        "__builtin__.eval",
        "__builtin__.exec",
        "builtins.__import__",
        "__builtin__.__import__",
        "runpy._run_code",
        "pty.spawn",
        "shutil.rmtree",
        "webbrowser.open",
    ];
    HARMFUL.contains(&function)
}
