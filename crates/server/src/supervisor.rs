//! What the server tells the one that started it: `sd_notify` of systemd, `Type=notify-reload`.

/// The server is ready: it listens, and its apps are there.
pub fn ready() {
    tell("READY=1\nSTATUS=serving\n");
}

/// The server begins to end.
pub fn stopping() {
    tell("STOPPING=1\nSTATUS=draining\n");
}

/// The server reads its configuration again; [`ready`] is to follow.
pub fn reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reloading\n"));
}

/// Without a supervisor that wants to know, nobody is told.
fn tell(what: &str) {
    #[cfg(unix)]
    if let Err(error) = notify(what) {
        tracing::debug!(%error, "the supervisor cannot be told");
    }
}

#[cfg(unix)]
fn notify(what: &str) -> std::io::Result<()> {
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    #[cfg(target_os = "linux")]
    if let Some(name) = std::os::unix::ffi::OsStrExt::as_bytes(socket.as_os_str()).strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;
        let address = SocketAddr::from_abstract_name(name)?;
        return UnixDatagram::unbound()?.send_to_addr(what.as_bytes(), &address).map(drop);
    }
    let address = SocketAddr::from_pathname(&socket)?;
    UnixDatagram::unbound()?.send_to_addr(what.as_bytes(), &address).map(drop)
}
