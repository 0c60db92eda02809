// Shared by the two small programs: they start `dbtruth` and hold no copy of it, which spares two thirds of every link and of every package.

/// Runs the `dbtruth` beside this program, else the one on PATH, in our place.
fn forward(args: Vec<std::ffi::OsString>) -> ExitCode {
    let name = format!("dbtruth{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|p| p.with_file_name(&name)).filter(|p| p.is_file());
    let mut command = std::process::Command::new(beside.unwrap_or_else(|| name.into()));
    command.args(args);
    let error = run(&mut command);
    match error {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: dbtruth cannot be started: {error}\n  help: install it where this program is, or on PATH");
            ExitCode::from(2)
        }
    }
}

#[cfg(unix)]
fn run(command: &mut std::process::Command) -> std::io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn run(command: &mut std::process::Command) -> std::io::Result<ExitCode> {
    let status = command.status()?;
    Ok(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(2)))
}
