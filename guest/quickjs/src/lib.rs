//! rquickjs-sys 0.12's interface over rquickjs-sys 0.14.
//!
//! One function changed between the two: 0.14 releases the memory of an `ArrayBuffer` through a realloc callback,
//! which a resizable buffer needs, where 0.12 has a plain free callback.
#![no_std]

extern crate alloc;

use alloc::boxed::Box;

pub use newer::*;

type Free = unsafe extern "C" fn(*mut JSRuntime, *mut c_void, *mut c_void);

/// What 0.12 was given, kept until the buffer dies.
struct Owner {
    free: Free,
    opaque: *mut c_void,
}

/// Makes an `ArrayBuffer` over `buf`, with the signature of 0.12.
///
/// # Safety
/// As `JS_NewArrayBuffer` of rquickjs-sys 0.12: `buf` is valid for `len` bytes until `free` is called with `opaque`.
#[allow(non_snake_case, reason = "the name is C's")]
pub unsafe fn JS_NewArrayBuffer(
    ctx: *mut JSContext,
    buf: *mut u8,
    len: size_t,
    free: Option<Free>,
    opaque: *mut c_void,
    is_shared: bool,
) -> JSValue {
    let Some(free) = free else {
        // SAFETY: the caller's contract; no callback means that QuickJS never releases the memory.
        return unsafe { newer::JS_NewArrayBuffer(ctx, buf, len, 0, None, core::ptr::null_mut(), is_shared) };
    };
    let owner = Box::into_raw(Box::new(Owner { free, opaque })).cast();
    // SAFETY: the caller's contract; `release` takes `owner` back exactly once, when the buffer dies.
    unsafe { newer::JS_NewArrayBuffer(ctx, buf, len, 0, Some(release), owner, is_shared) }
}

unsafe extern "C" fn release(rt: *mut JSRuntime, owner: *mut c_void, buf: *mut c_void, size: size_t) -> *mut c_void {
    assert!(size == 0, "a buffer of fixed length is only ever released");
    // SAFETY: `owner` is the box that JS_NewArrayBuffer leaked for this buffer, and a buffer is released once.
    let owner = unsafe { Box::from_raw(owner.cast::<Owner>()) };
    // SAFETY: the callback and its argument came together from the caller of JS_NewArrayBuffer.
    unsafe { (owner.free)(rt, owner.opaque, buf) };
    core::ptr::null_mut()
}
