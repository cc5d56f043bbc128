//! One line from a component of wasi:http in a fresh store for each request, as `wasmtime serve` does it.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A server that is ended when it is dropped.
pub(crate) struct WasmtimeServe {
    process: Child,
    pub(crate) address: SocketAddr,
    _component: tempfile::TempDir,
}

impl WasmtimeServe {
    /// Starts `wasmtime`, which is the program of wasmtime's command line.
    pub(crate) fn start(wasmtime: &OsStr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("hello.wasm");
        std::fs::write(&component, component_bytes()).unwrap();
        let address = free_address();
        let mut command = Command::new(wasmtime);
        command.arg("serve").arg("--addr").arg(address.to_string()).arg(&component);
        let process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("WASMTIME names the program");
        let server = Self { process, address, _component: folder };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "wasmtime serve does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for WasmtimeServe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn component_bytes() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("hello.wit", include_str!("hello.wit")).unwrap();
    let world = resolve.select_world(&[package], Some("hello")).unwrap();
    let mut module = wat::parse_str(include_str!("hello.wat")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}
