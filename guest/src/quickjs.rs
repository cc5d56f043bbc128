//! The calls into QuickJS that rquickjs does not wrap. The guest's `unsafe` is here and nowhere else.

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::NonNull;

use javy::quickjs::{Ctx, Error, Object, Promise, Value, qjs};

use crate::contract::console::Site;

/// Where the innermost JavaScript code on the stack stands.
pub fn call_site(ctx: &Ctx<'_>) -> Option<Site> {
    let (mut file, mut line, mut column) = (qjs::JS_UNDEFINED, 0, 0);
    // SAFETY: the context is alive, and the three results are written before they are read.
    let found = unsafe { qjs::JS_GetCallSite(ctx.as_raw().as_ptr(), &mut file, &mut line, &mut column) };
    if !found {
        return None;
    }
    // SAFETY: JS_GetCallSite hands the string over to us.
    let file = unsafe { Value::from_raw(ctx.clone(), file) };
    Some(Site { file: file.get().unwrap_or_default(), line: line as u32, column: column as u32 })
}

/// Where the JavaScript code stands that is running now, wherever in the guest this is asked; none before the runtime
/// is made and while no JavaScript runs.
pub fn running_site() -> Option<Site> {
    let ctx = crate::runtime::context_pointer()?;
    // SAFETY: the runtime lives as long as the instance, and the guest has one thread.
    call_site(&unsafe { Ctx::from_raw(ctx) })
}

/// Whether JavaScript was running, or something that it called, when the instance ended whose memory this is.
pub fn is_running(ctx: NonNull<qjs::JSContext>) -> bool {
    // SAFETY: the runtime lives as long as the memory.
    unsafe { qjs::JS_IsRunning(ctx.as_ptr()) }
}

/// Writes the stack of what was running when the instance ended whose memory this is, or else the async functions that
/// waited; says how many bytes that took.
pub fn write_stack(ctx: NonNull<qjs::JSContext>, text: &mut [u8], most_frames: usize) -> usize {
    // SAFETY: the runtime lives as long as the memory. It may be half changed, so that this may read nonsense and trap; it
    // writes to `text` alone.
    unsafe { qjs::JS_WriteStack(ctx.as_ptr(), text.as_mut_ptr(), text.len() as _, most_frames as _) as usize }
}

/// Memory of the program's for a text that is put together without the heap, on a stack of its own.
pub struct Scratch {
    stack: UnsafeCell<Stack>,
    answer: UnsafeCell<Answer>,
}

/// As large as what writes a text needs by far.
#[repr(align(16))]
struct Stack {
    _bytes: [u8; 32 << 10],
}

struct Answer {
    text: [u8; 16 << 10],
    /// Where the text begins, and its length: a string as the canonical ABI returns it.
    string: [usize; 2],
    write: fn(&mut [u8]) -> usize,
}

// SAFETY: the guest has one thread.
unsafe impl Sync for Scratch {}

impl Scratch {
    pub const fn new() -> Self {
        let answer = Answer { text: [0; 16 << 10], string: [0; 2], write: |_| 0 };
        Self { stack: UnsafeCell::new(Stack { _bytes: [0; 32 << 10] }), answer: UnsafeCell::new(answer) }
    }

    /// Has `write` write the text, on the other stack, and say how long it is; gives its address and length.
    pub fn fill(&'static self, write: fn(&mut [u8]) -> usize) -> *const [usize; 2] {
        unsafe extern "C" fn fill(answer: *mut c_void) {
            // SAFETY: it is what the call below hands over, to which nobody else refers.
            let answer = unsafe { &mut *answer.cast::<Answer>() };
            let length = (answer.write)(&mut answer.text);
            answer.string = [answer.text.as_ptr() as usize, length];
        }
        let answer = self.answer.get();
        // SAFETY: nobody else refers to either memory, and the stack's end is aligned as a stack is.
        unsafe {
            (*answer).write = write;
            qjs::JS_CallOnStack(self.stack.get().add(1).cast(), Some(fill), answer.cast());
            &raw const (*answer).string
        }
    }
}

/// The whole memory as a list of bytes that the canonical ABI returns.
pub fn memory() -> *const [usize; 2] {
    struct Whole(UnsafeCell<[usize; 2]>);
    // SAFETY: the guest has one thread.
    unsafe impl Sync for Whole {}
    static WHOLE: Whole = Whole(UnsafeCell::new([0; 2]));
    let whole = WHOLE.0.get();
    // SAFETY: nobody else refers to it but the host, which has read it before it calls again.
    unsafe { (*whole)[1] = core::arch::wasm32::memory_size(0) << 16 };
    whole
}

/// Says whose heap it is that is read from outside.
pub fn show_heap(ctx: &Ctx<'_>) {
    // SAFETY: the context, and so its runtime, is alive.
    unsafe { qjs::JS_SetHeapRuntime(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) }
}

/// What the heap has of malloc: bytes, and blocks.
pub fn heap_size(ctx: &Ctx<'_>) -> (usize, usize) {
    let (mut bytes, mut blocks) = (0, 0);
    // SAFETY: the context, and so its runtime, is alive, and the two are written before they are read.
    unsafe { qjs::JS_GetHeapSize(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), &mut bytes, &mut blocks) };
    (bytes as usize, blocks as usize)
}

/// Where an object is in memory.
pub fn address(object: &Object<'_>) -> usize {
    // SAFETY: the value is an object, and is only looked at.
    unsafe { qjs::JS_VALUE_GET_PTR(object.as_raw()).addr() }
}

/// Says how the code is called that is the guest's own and no app's: it is in no stack and at no call site, its functions
/// read as native ones, and their text is not kept.
pub fn set_own_filename(ctx: &Ctx<'_>, name: &CStr) {
    // SAFETY: the context is alive, and the name ends in a zero byte.
    unsafe { qjs::JS_SetOwnFilename(ctx.as_raw().as_ptr(), name.as_ptr()) }
}

/// Whether the innermost JavaScript code on the stack is the guest's own.
pub fn is_own_code_running(ctx: &Ctx<'_>) -> bool {
    // SAFETY: the context is alive.
    unsafe { qjs::JS_IsOwnCodeRunning(ctx.as_raw().as_ptr()) }
}

/// What follows the code that runs now through what it awaits.
pub fn async_context<'js>(ctx: &Ctx<'js>) -> Value<'js> {
    // SAFETY: the context is alive, and hands the value over to us.
    unsafe { Value::from_raw(ctx.clone(), qjs::JS_GetAsyncContext(ctx.as_raw().as_ptr())) }
}

/// Sets what follows the code that runs from now on.
pub fn set_async_context<'js>(ctx: &Ctx<'js>, context: &Value<'js>) {
    // SAFETY: the context is alive, and takes a reference of its own.
    unsafe { qjs::JS_SetAsyncContext(ctx.as_raw().as_ptr(), context.as_raw()) }
}

/// Where modules come from that are imported by name.
pub type Modules = for<'js> fn(&Ctx<'js>, &str) -> Option<Object<'js>>;

/// Sets where the modules that a source imports come from: `find` gives an object with what one exports.
pub fn set_modules(ctx: &Ctx<'_>, find: Modules) {
    // SAFETY: the function is handed on as the opaque pointer that it is read from again.
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.as_raw().as_ptr());
        qjs::JS_SetModuleLoaderFunc(runtime, None, Some(load_module), find as *mut c_void);
    }
}

unsafe extern "C" fn load_module(
    raw: *mut qjs::JSContext,
    name: *const c_char,
    find: *mut c_void,
) -> *mut qjs::JSModuleDef {
    // SAFETY: QuickJS calls this with a context that is alive, a name that ends in a zero byte, and what `set_modules` gave.
    // The module that is made lives as long as the context, and takes over the object that it is given.
    unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(raw));
        let find: Modules = std::mem::transmute(find);
        let text = CStr::from_ptr(name).to_string_lossy();
        if let Some(source) = crate::run::importable(&text) {
            // The context holds a module from when it is compiled; an error is left pending.
            return match Code::module(&ctx, &text, &source) {
                Ok(Code(module)) => qjs::JS_VALUE_GET_PTR(module.as_raw()).cast(),
                Err(_) => std::ptr::null_mut(),
            };
        }
        let Some(exports) = find(&ctx, &text) else {
            let remedy = if text.starts_with("node:") {
                "the engine does not have that module of Node's; those that it has are in GLOBALS.md"
            } else {
                "a bundle is one file, so bundle what it imports into it first, with esbuild, Vite, rolldown or webpack"
            };
            javy::quickjs::Exception::throw_reference(&ctx, &format!("could not load module '{text}': {remedy}"));
            return std::ptr::null_mut();
        };
        let module = qjs::JS_NewCModule(raw, name, Some(fill_module));
        if !module.is_null() {
            for key in exports.keys::<String>().flatten() {
                let Ok(key) = CString::new(key) else { continue };
                qjs::JS_AddModuleExport(raw, module, key.as_ptr());
            }
            let exports = qjs::JS_DupValue(raw, exports.as_raw());
            qjs::JS_SetModulePrivateValue(raw, module, exports);
        }
        module
    }
}

unsafe extern "C" fn fill_module(raw: *mut qjs::JSContext, module: *mut qjs::JSModuleDef) -> c_int {
    // SAFETY: QuickJS calls this once for a module that `load_module` made, whose value is the object of its exports.
    unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(raw));
        let exports = Value::from_raw(ctx.clone(), qjs::JS_GetModulePrivateValue(raw, module));
        let Some(exports) = exports.as_object() else { return -1 };
        for key in exports.keys::<String>().flatten() {
            let (Ok(name), Ok(value)) = (CString::new(key.as_str()), exports.get::<_, Value<'_>>(&key)) else { continue };
            let value = qjs::JS_DupValue(raw, value.as_raw());
            qjs::JS_SetModuleExport(raw, module, name.as_ptr(), value);
        }
        0
    }
}

/// The name of an object's class, whatever it says of itself: `Map`, `Error`, `Proxy`, …; none if it is no object.
pub fn class_name(value: &Value<'_>) -> Option<String> {
    let ctx = value.ctx();
    // SAFETY: the class of a value that is alive is one of the runtime's, and its name is freed after its use.
    unsafe {
        let class = qjs::JS_GetClassID(value.as_raw());
        if class == qjs::JS_INVALID_CLASS_ID as u32 {
            return None;
        }
        let raw = ctx.as_raw().as_ptr();
        let name = qjs::JS_GetClassName(qjs::JS_GetRuntime(raw), class);
        let text = owned(ctx, qjs::JS_AtomToString(raw, name));
        qjs::JS_FreeAtom(raw, name);
        text.ok()?.get().ok()
    }
}

/// A proxy's target and handler; none if `value` is no proxy.
pub fn proxy_parts<'js>(value: &Value<'js>) -> Option<[Value<'js>; 2]> {
    if !value.as_object()?.is_proxy() {
        return None;
    }
    let ctx = value.ctx();
    // SAFETY: the value is a proxy, and alive; both results are taken over. A revoked one throws.
    unsafe {
        let raw = ctx.as_raw().as_ptr();
        let target = owned(ctx, qjs::JS_GetProxyTarget(raw, value.as_raw()));
        let handler = owned(ctx, qjs::JS_GetProxyHandler(raw, value.as_raw()));
        match (target, handler) {
            (Ok(target), Ok(handler)) => Some([target, handler]),
            _ => {
                ctx.catch();
                Some([Value::new_null(ctx.clone()), Value::new_null(ctx.clone())])
            }
        }
    }
}

/// QuickJS's records of an iterator over a map or a set, of its map, and of an entry, up to what is read of them.
#[repr(C)]
struct MapIterator {
    map: qjs::JSValue,
    kind: c_int,
    current: *const MapRecord,
}

#[repr(C)]
struct MapState {
    is_weak: bool,
    records: Link,
}

#[repr(C)]
struct MapRecord {
    references: c_int,
    is_empty: bool,
    map: *const MapState,
    link: Link,
    hash_link: Link,
    key: qjs::JSValue,
    value: qjs::JSValue,
}

#[repr(C)]
struct Link {
    previous: *const Link,
    next: *const Link,
}

/// What an iterator over a map or a set has still to give, up to `most` of it, and whether that is pairs; the two of a pair
/// follow each other. None if `value` is no such iterator.
pub fn left_to_iterate<'js>(value: &Value<'js>, most: usize) -> Option<(Vec<Value<'js>>, bool)> {
    const KEYS: c_int = 0;
    const PAIRS: c_int = 2;
    let class = class_name(value)?;
    let is_set = class == "Set Iterator";
    if !is_set && class != "Map Iterator" {
        return None;
    }
    let ctx = value.ctx();
    let mut left = Vec::new();
    // SAFETY: the class says what the value has, and that of the iterator's object, which is a map or a set until the iterator
    // is at its end, what that has. The iterator keeps its current record, and so its place in the list. Nothing runs meanwhile.
    unsafe {
        let mut class = 0;
        let iterator = &*qjs::JS_GetAnyOpaque(value.as_raw(), &mut class).cast::<MapIterator>();
        let is_pairs = iterator.kind == PAIRS;
        if !qjs::JS_IsObject(iterator.map) {
            return Some((left, is_pairs));
        }
        let take = |value| Value::from_raw(ctx.clone(), qjs::JS_DupValue(ctx.as_raw().as_ptr(), value));
        let map = qjs::JS_GetAnyOpaque(iterator.map, &mut class).cast::<MapState>();
        let end = &raw const (*map).records;
        let mut at = iterator.current.as_ref().map_or((*end).next, |current| current.link.next);
        while at != end && left.len() < most {
            let record = &*at.byte_sub(std::mem::offset_of!(MapRecord, link)).cast::<MapRecord>();
            if !record.is_empty {
                if is_set || iterator.kind == KEYS || is_pairs {
                    left.push(take(record.key));
                }
                if is_pairs || (!is_set && iterator.kind != KEYS) {
                    left.push(take(if is_set { record.key } else { record.value }));
                }
            }
            at = record.link.next;
        }
        Some((left, is_pairs))
    }
}

/// Bounds the stack that JavaScript calls may use from here on down, in bytes.
pub fn set_stack_size(ctx: &Ctx<'_>, bytes: usize) {
    // SAFETY: the context, and so its runtime, is alive.
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.as_raw().as_ptr());
        qjs::JS_SetMaxStackSize(runtime, bytes as _);
        qjs::JS_UpdateStackTop(runtime);
    }
}

/// Has the shapes of objects kept for those that come, from now on or no more.
pub fn keep_shapes(ctx: &Ctx<'_>, keeps: bool) {
    // SAFETY: the context, and so its runtime, is alive.
    unsafe { qjs::JS_KeepShapes(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), keeps) }
}

/// Sets the seed of the hash tables that are filled from now on.
pub fn set_hash_seed(ctx: &Ctx<'_>, seed: u32) {
    // SAFETY: the context is alive.
    unsafe { qjs::JS_SetHashSeed(ctx.as_raw().as_ptr(), seed) }
}

/// Whether `value` is the error that the last stack overflow threw.
pub fn is_stack_overflow(value: &Value<'_>) -> bool {
    // SAFETY: the context is alive; the value is only compared.
    unsafe { qjs::JS_IsStackOverflow(value.ctx().as_raw().as_ptr(), value.as_raw()) }
}

/// Where a value that is no object was thrown last, as an error's stack says it; undefined if that is not known.
pub fn thrown_stack<'js>(value: &Value<'js>) -> Value<'js> {
    let ctx = value.ctx();
    // SAFETY: the context is alive, the value is only compared, and what is given is the caller's.
    unsafe { Value::from_raw(ctx.clone(), qjs::JS_GetThrownStack(ctx.as_raw().as_ptr(), value.as_raw())) }
}

/// Code that has been compiled and not yet run.
pub struct Code<'js>(Value<'js>);

impl<'js> Code<'js> {
    /// Compiles a classic script, which stacks will call `name`.
    pub fn script(ctx: &Ctx<'js>, name: &str, source: &str) -> Result<Self, Error> {
        Self::compile(ctx, name, source, qjs::JS_EVAL_TYPE_GLOBAL)
    }

    /// Compiles an ES module, and looks for what it imports.
    pub fn module(ctx: &Ctx<'js>, name: &str, source: &str) -> Result<Self, Error> {
        Self::compile(ctx, name, source, qjs::JS_EVAL_TYPE_MODULE)
    }

    fn compile(ctx: &Ctx<'js>, name: &str, source: &str, kind: u32) -> Result<Self, Error> {
        let name = CString::new(name)?;
        let mut source = source.as_bytes().to_vec();
        let length = source.len();
        // QuickJS reads the byte after the end, and wants it to be zero.
        source.push(0);
        let flags = kind | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        // SAFETY: both strings live through the call and end in a zero byte; the result is owned by us.
        unsafe {
            let raw = ctx.as_raw().as_ptr();
            let code = qjs::JS_Eval(raw, source.as_ptr().cast(), length as _, name.as_ptr(), flags as _);
            wipe(&mut source);
            let code = owned(ctx, code)?;
            if code.is_module() {
                set_import_meta(&code)?;
            }
            Ok(Self(code))
        }
    }

    /// Runs the code: a script gives the value of its last statement, a module the promise of its evaluation.
    pub fn run(&self) -> Result<Value<'js>, Error> {
        let ctx = self.0.ctx().clone();
        // SAFETY: JS_EvalFunction frees the code that it is given, so it gets a reference of its own.
        unsafe {
            let code = qjs::JS_DupValue(ctx.as_raw().as_ptr(), self.0.as_raw());
            let result = qjs::JS_EvalFunction(ctx.as_raw().as_ptr(), code);
            owned(&ctx, result)
        }
    }

    /// Whether this is a module.
    pub fn is_module(&self) -> bool {
        self.0.is_module()
    }

    /// What a module exports; none if this is a script.
    pub fn exports(&self) -> Option<Object<'js>> {
        if !self.0.is_module() {
            return None;
        }
        let ctx = self.0.ctx();
        // SAFETY: a value of this type holds the module, which lives as long as the context.
        let namespace = unsafe {
            let module = qjs::JS_VALUE_GET_PTR(self.0.as_raw()).cast();
            owned(ctx, qjs::JS_GetModuleNamespace(ctx.as_raw().as_ptr(), module))
        };
        namespace.ok()?.into_object()
    }
}

/// Gives a module's `import.meta` a URL: bundles for Node make a `require` of it.
fn set_import_meta(module: &Value<'_>) -> Result<(), Error> {
    let ctx = module.ctx();
    // SAFETY: a value of this type holds the module, which lives as long as the context; the object is handed over to us.
    let meta = unsafe {
        owned(ctx, qjs::JS_GetImportMeta(ctx.as_raw().as_ptr(), qjs::JS_VALUE_GET_PTR(module.as_raw()).cast()))
    };
    meta?.as_object().map_or(Ok(()), |meta| meta.set("url", "file:///app.mjs"))
}

/// Bytes of the program that are taken once and are zero then, so that no snapshot keeps them.
pub struct Wiped<const SIZE: usize>(UnsafeCell<[u8; SIZE]>);

// SAFETY: the guest has one thread.
unsafe impl<const SIZE: usize> Sync for Wiped<SIZE> {}

impl<const SIZE: usize> Wiped<SIZE> {
    pub const fn new(bytes: [u8; SIZE]) -> Self {
        Self(UnsafeCell::new(bytes))
    }

    /// The bytes; zeros from the second time on.
    pub fn take(&self) -> Vec<u8> {
        // SAFETY: the guest has one thread, and no reference to the bytes leaves this function.
        let bytes = unsafe { &mut *self.0.get() };
        let taken = bytes.to_vec();
        wipe(bytes);
        taken
    }
}

/// Clears bytes that are about to be freed, which a snapshot would keep.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // Or else the compiler sees that nobody reads them.
    std::hint::black_box(bytes);
}

/// Clears what QuickJS has freed, and the stack below the caller's, for the snapshot.
pub fn wipe_free_memory() {
    // SAFETY: it writes to what malloc has free, which it takes and gives back, and to the stack far below all frames.
    unsafe { qjs::JS_WipeFreeMemory() }
}

/// Says that the promise's rejection is being seen to.
pub fn mark_handled(promise: &Promise<'_>) {
    // SAFETY: the value is a promise, and alive.
    unsafe { qjs::JS_PromiseMarkAsHandled(promise.ctx().as_raw().as_ptr(), promise.as_value().as_raw()) }
}

/// Takes over a value that QuickJS has handed to us.
///
/// # Safety
/// The caller owns `value` and does not free it.
unsafe fn owned<'js>(ctx: &Ctx<'js>, value: qjs::JSValue) -> Result<Value<'js>, Error> {
    // SAFETY: the caller's contract.
    let value = unsafe { Value::from_raw(ctx.clone(), value) };
    if value.is_exception() { Err(Error::Exception) } else { Ok(value) }
}

/// How many UTF-16 code units a string has; 0 if `value` is no string.
pub fn string_length(value: &Value<'_>) -> usize {
    if !value.is_string() {
        return 0;
    }
    // SAFETY: the key ends in a zero byte, and the result is taken over.
    let length = unsafe {
        let ctx = value.ctx().as_raw().as_ptr();
        owned(value.ctx(), qjs::JS_GetPropertyStr(ctx, value.as_raw(), c"length".as_ptr()))
    };
    length.ok().and_then(|length| length.as_int()).unwrap_or_default() as usize
}

/// Gives the bytes of a `Uint8Array` to `read`; none if `value` is anything else, or out of its buffer's bounds.
pub fn with_uint8_array<T>(value: &Value<'_>, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    // SAFETY: both calls only look at the value, which is alive. The bytes are the array's as long as no JavaScript
    // runs, and `read` is given no way to run any: it has no context.
    unsafe {
        if qjs::JS_GetTypedArrayType(value.as_raw()) != qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8 as _ {
            return None;
        }
        let mut length = 0;
        let data = qjs::JS_GetUint8Array(value.ctx().as_raw().as_ptr(), &mut length, value.as_raw());
        match NonNull::new(data) {
            Some(data) => Some(read(std::slice::from_raw_parts(data.as_ptr(), length as usize))),
            // An array of nothing may have no data; one that is out of bounds has left an exception behind.
            None if value.ctx().has_exception() => {
                value.ctx().catch();
                None
            }
            None => Some(read(&[])),
        }
    }
}

/// Gives the bytes of a `Uint8Array` to `write`; none if `value` is anything else, or out of its buffer's bounds.
pub fn with_uint8_array_mut<T>(value: &Value<'_>, write: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
    // SAFETY: as in `with_uint8_array`; nothing else refers to the bytes meanwhile, as no JavaScript runs.
    unsafe {
        if qjs::JS_GetTypedArrayType(value.as_raw()) != qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8 as _ {
            return None;
        }
        let mut length = 0;
        let data = qjs::JS_GetUint8Array(value.ctx().as_raw().as_ptr(), &mut length, value.as_raw());
        match NonNull::new(data) {
            Some(data) => Some(write(std::slice::from_raw_parts_mut(data.as_ptr(), length as usize))),
            None if value.ctx().has_exception() => {
                value.ctx().catch();
                None
            }
            None => Some(write(&mut [])),
        }
    }
}

/// Kinds of objects that read differently in a console line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Map,
    Set,
    Date,
    RegExp,
    Other,
}

/// What kind of object this is, whatever it says of itself.
pub fn kind(object: &Object<'_>) -> Kind {
    let raw = object.as_raw();
    // SAFETY: the four calls look at the value's class and at nothing else.
    unsafe {
        if qjs::JS_IsMap(raw) {
            Kind::Map
        } else if qjs::JS_IsSet(raw) {
            Kind::Set
        } else if qjs::JS_IsDate(raw) {
            Kind::Date
        } else if qjs::JS_IsRegExp(raw) {
            Kind::RegExp
        } else {
            Kind::Other
        }
    }
}

/// What an object has under a key of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Own {
    Nothing,
    Value,
    /// Reading it would run the app's code.
    Accessor,
}

/// What `object`, which is no proxy, has of its own under `key`.
pub fn own_property(object: &Object<'_>, key: &Value<'_>) -> Own {
    let ctx = object.ctx().as_raw().as_ptr();
    let mut descriptor = std::mem::MaybeUninit::<qjs::JSPropertyDescriptor>::uninit();
    // SAFETY: the atom is freed after its use; the descriptor is filled where 1 is returned, and its three values are
    // then ours to free.
    unsafe {
        let atom = qjs::JS_ValueToAtom(ctx, key.as_raw());
        let found = qjs::JS_GetOwnProperty(ctx, descriptor.as_mut_ptr(), object.as_raw(), atom);
        qjs::JS_FreeAtom(ctx, atom);
        if found != 1 {
            object.ctx().catch();
            return Own::Nothing;
        }
        let descriptor = descriptor.assume_init();
        qjs::JS_FreeValue(ctx, descriptor.value);
        qjs::JS_FreeValue(ctx, descriptor.getter);
        qjs::JS_FreeValue(ctx, descriptor.setter);
        if descriptor.flags & qjs::JS_PROP_GETSET as i32 != 0 { Own::Accessor } else { Own::Value }
    }
}
