//! How a QuickJS heap is laid out: what the engine itself says of its structs, by name (`guest/quickjs/layout.patch`).

use std::collections::HashMap;

use super::memory::{Damage, Memory};

/// What stands before the table.
const MAGIC: &[u8; 16] = b"dayfly-js-heap\n\0";
/// The version of the table that this was written for.
const VERSION: u32 = 1;
/// How many names a table has at most.
const MOST_NAMES: u32 = 4096;

/// Some bits of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits {
    word: u32,
    mask: u32,
}

impl Bits {
    /// The value that the struct at `base` has in these bits.
    pub(crate) fn read(self, memory: Memory<'_>, base: u32) -> Result<u32, Damage> {
        let word = memory.u32(base.wrapping_add(self.word))?;
        Ok((word & self.mask).checked_shr(self.mask.trailing_zeros()).unwrap_or(0))
    }
}

macro_rules! layout {
    ({ $($field:ident: $name:literal,)* } { $($bits:ident: $bits_name:literal,)* }) => {
        /// Offsets, sizes, values of enumerations and bits, each under the name that it has in QuickJS.
        #[derive(Clone, Debug)]
        pub(crate) struct Layout {
            /// Where the runtime is.
            pub(crate) runtime: u32,
            $(pub(crate) $field: u32,)*
            $(pub(crate) $bits: Bits,)*
        }

        impl Layout {
            fn named(runtime: u32, names: &HashMap<&str, u32>) -> Result<Self, Damage> {
                let get = |name: &'static str| names.get(name).copied().ok_or(Damage::Unnamed(name));
                Ok(Self {
                    runtime,
                    $($field: get($name)?,)*
                    $($bits: Bits { word: get(concat!($bits_name, " word"))?, mask: get(concat!($bits_name, " bits"))? },)*
                })
            }
        }
    };
}

layout! {
    {
        runtime_malloc_state: "JSRuntime.malloc_state",
        malloc_state_malloc_size: "JSMallocState.malloc_size",
        runtime_arena_state: "JSRuntime.arena_state",
        arena_state_zero_size_block: "JSArenaState.zero_size_block",
        runtime_atom_size: "JSRuntime.atom_size",
        runtime_atom_hash: "JSRuntime.atom_hash",
        runtime_atom_array: "JSRuntime.atom_array",
        runtime_class_count: "JSRuntime.class_count",
        runtime_class_array: "JSRuntime.class_array",
        runtime_context_list: "JSRuntime.context_list",
        runtime_gc_obj_list: "JSRuntime.gc_obj_list",
        runtime_shape_hash: "JSRuntime.shape_hash",
        malloc_block_header_u: "JSMallocBlockHeader.u",
        malloc_block_header_block_size_idx: "JSMallocBlockHeader.block_size_idx",
        malloc_block_header_ref_count: "JSMallocBlockHeader.ref_count",
        malloc_block_header_user_data: "JSMallocBlockHeader.user_data",
        arena_block_size_count: "JS_ARENA_BLOCK_SIZE_COUNT",
        arena_free_nil: "JS_ARENA_FREE_NIL",
        malloc_overhead: "MALLOC_OVERHEAD",
        list_head_next: "struct list_head.next",
        gc_object_header_link: "JSGCObjectHeader.link",
        gc_obj_type_object: "JS_GC_OBJ_TYPE_JS_OBJECT",
        gc_obj_type_function_bytecode: "JS_GC_OBJ_TYPE_FUNCTION_BYTECODE",
        gc_obj_type_shape: "JS_GC_OBJ_TYPE_SHAPE",
        gc_obj_type_var_ref: "JS_GC_OBJ_TYPE_VAR_REF",
        gc_obj_type_async_function: "JS_GC_OBJ_TYPE_ASYNC_FUNCTION",
        gc_obj_type_context: "JS_GC_OBJ_TYPE_JS_CONTEXT",
        tag_big_int: "JS_TAG_BIG_INT",
        tag_symbol: "JS_TAG_SYMBOL",
        tag_string: "JS_TAG_STRING",
        tag_string_rope: "JS_TAG_STRING_ROPE",
        tag_function_bytecode: "JS_TAG_FUNCTION_BYTECODE",
        tag_object: "JS_TAG_OBJECT",
        size_class: "sizeof JSClass",
        class_class_name: "JSClass.class_name",
        object_class_id: "JSObject.class_id",
        object_shape: "JSObject.shape",
        object_prop: "JSObject.prop",
        object_first_weak_ref: "JSObject.first_weak_ref",
        object_u: "JSObject.u",
        object_u_func_function_bytecode: "JSObject.u.func.function_bytecode",
        object_u_func_var_refs: "JSObject.u.func.var_refs",
        object_u_func_home_object: "JSObject.u.func.home_object",
        object_u_cfunc_realm: "JSObject.u.cfunc.realm",
        object_u_array_u_values: "JSObject.u.array.u.values",
        object_u_array_count: "JSObject.u.array.count",
        object_u_regexp_pattern: "JSObject.u.regexp.pattern",
        object_u_regexp_bytecode: "JSObject.u.regexp.bytecode",
        object_u_object_data: "JSObject.u.object_data",
        shape_prop_hash_mask: "JSShape.prop_hash_mask",
        shape_prop_count: "JSShape.prop_count",
        shape_proto: "JSShape.proto",
        shape_parent: "JSShape.parent",
        shape_hash_table: "JSShape.hash_table",
        size_shape_property: "sizeof JSShapeProperty",
        shape_property_atom: "JSShapeProperty.atom",
        prop_tmask: "JS_PROP_TMASK",
        prop_normal: "JS_PROP_NORMAL",
        prop_getset: "JS_PROP_GETSET",
        prop_varref: "JS_PROP_VARREF",
        size_property: "sizeof JSProperty",
        property_u_value: "JSProperty.u.value",
        property_u_getset_getter: "JSProperty.u.getset.getter",
        property_u_getset_setter: "JSProperty.u.getset.setter",
        property_u_var_ref: "JSProperty.u.var_ref",
        property_u_init_realm_and_id: "JSProperty.u.init.realm_and_id",
        var_ref_is_detached: "JSVarRef.is_detached",
        var_ref_is_coro: "JSVarRef.is_coro",
        var_ref_pvalue: "JSVarRef.pvalue",
        var_ref_stack_frame: "JSVarRef.stack_frame",
        function_bytecode_func_name: "JSFunctionBytecode.func_name",
        function_bytecode_closure_var: "JSFunctionBytecode.closure_var",
        function_bytecode_closure_var_count: "JSFunctionBytecode.closure_var_count",
        function_bytecode_cpool_count: "JSFunctionBytecode.cpool_count",
        function_bytecode_realm: "JSFunctionBytecode.realm",
        function_bytecode_cpool: "JSFunctionBytecode.cpool",
        function_bytecode_filename: "JSFunctionBytecode.filename",
        function_bytecode_line_num: "JSFunctionBytecode.line_num",
        function_bytecode_col_num: "JSFunctionBytecode.col_num",
        function_bytecode_pc2line_buf: "JSFunctionBytecode.pc2line_buf",
        function_bytecode_source: "JSFunctionBytecode.source",
        size_closure_var: "sizeof JSClosureVar",
        closure_var_var_name: "JSClosureVar.var_name",
        size_string: "sizeof JSString",
        string_kind_slice: "JS_STRING_KIND_SLICE",
        string_kind_indirect: "JS_STRING_KIND_INDIRECT",
        atom_type_string: "JS_ATOM_TYPE_STRING",
        string_slice_parent: "JSStringSlice.parent",
        string_slice_start: "JSStringSlice.start",
        string_rope_len: "JSStringRope.len",
        string_rope_left: "JSStringRope.left",
        string_rope_right: "JSStringRope.right",
        atom_tag_int: "JS_ATOM_TAG_INT",
        atom_name: "JS_ATOM_name",
        atom_constructor: "JS_ATOM_constructor",
        context_link: "JSContext.link",
        context_class_proto: "JSContext.class_proto",
        context_global_obj: "JSContext.global_obj",
        context_global_var_obj: "JSContext.global_var_obj",
        context_throw_type_error: "JSContext.throw_type_error",
        context_eval_obj: "JSContext.eval_obj",
        context_array_proto_values: "JSContext.array_proto_values",
        context_native_error_proto: "JSContext.native_error_proto",
        native_error_count: "JS_NATIVE_ERROR_COUNT",
        context_error_ctor: "JSContext.error_ctor",
        context_error_back_trace: "JSContext.error_back_trace",
        context_error_prepare_stack: "JSContext.error_prepare_stack",
        context_error_stack_trace_limit: "JSContext.error_stack_trace_limit",
        context_iterator_ctor: "JSContext.iterator_ctor",
        context_iterator_ctor_getset: "JSContext.iterator_ctor_getset",
        context_async_iterator_proto: "JSContext.async_iterator_proto",
        context_promise_ctor: "JSContext.promise_ctor",
        context_array_ctor: "JSContext.array_ctor",
        context_regexp_ctor: "JSContext.regexp_ctor",
        context_function_ctor: "JSContext.function_ctor",
        context_function_proto: "JSContext.function_proto",
        context_array_shape: "JSContext.array_shape",
        context_arguments_shape: "JSContext.arguments_shape",
        context_mapped_arguments_shape: "JSContext.mapped_arguments_shape",
        context_regexp_shape: "JSContext.regexp_shape",
        context_regexp_result_shape: "JSContext.regexp_result_shape",
        context_loaded_modules: "JSContext.loaded_modules",
        module_def_link: "JSModuleDef.link",
        module_def_req_module_entries: "JSModuleDef.req_module_entries",
        module_def_req_module_entries_count: "JSModuleDef.req_module_entries_count",
        module_def_export_entries: "JSModuleDef.export_entries",
        module_def_export_entries_count: "JSModuleDef.export_entries_count",
        module_def_star_export_entries: "JSModuleDef.star_export_entries",
        module_def_import_entries: "JSModuleDef.import_entries",
        module_def_attributes: "JSModuleDef.attributes",
        module_def_module_ns: "JSModuleDef.module_ns",
        module_def_func_obj: "JSModuleDef.func_obj",
        module_def_promise: "JSModuleDef.promise",
        module_def_resolving_funcs: "JSModuleDef.resolving_funcs",
        module_def_eval_exception: "JSModuleDef.eval_exception",
        module_def_meta_obj: "JSModuleDef.meta_obj",
        module_def_private_value: "JSModuleDef.private_value",
        size_req_module_entry: "sizeof JSReqModuleEntry",
        req_module_entry_attributes: "JSReqModuleEntry.attributes",
        size_export_entry: "sizeof JSExportEntry",
        export_entry_u_local_var_ref: "JSExportEntry.u.local.var_ref",
        export_entry_export_type: "JSExportEntry.export_type",
        export_type_local: "JS_EXPORT_TYPE_LOCAL",
        export_entry_export_name: "JSExportEntry.export_name",
        map_state_is_weak: "JSMapState.is_weak",
        map_state_records: "JSMapState.records",
        map_state_hash_table: "JSMapState.hash_table",
        map_record_empty: "JSMapRecord.empty",
        map_record_link: "JSMapRecord.link",
        map_record_key: "JSMapRecord.key",
        map_record_value: "JSMapRecord.value",
        weak_ref_record_kind: "JSWeakRefRecord.kind",
        weak_ref_record_next_weak_ref: "JSWeakRefRecord.next_weak_ref",
        weak_ref_record_u_map_record: "JSWeakRefRecord.u.map_record",
        weak_ref_kind_map: "JS_WEAK_REF_KIND_MAP",
        map_iterator_data_obj: "JSMapIteratorData.obj",
        array_iterator_data_obj: "JSArrayIteratorData.obj",
        proxy_data_target: "JSProxyData.target",
        proxy_data_handler: "JSProxyData.handler",
        bound_function_func_obj: "JSBoundFunction.func_obj",
        bound_function_this_val: "JSBoundFunction.this_val",
        bound_function_argc: "JSBoundFunction.argc",
        bound_function_argv: "JSBoundFunction.argv",
        c_function_data_record_data_len: "JSCFunctionDataRecord.data_len",
        c_function_data_record_data: "JSCFunctionDataRecord.data",
        for_in_iterator_obj: "JSForInIterator.obj",
        array_buffer_data: "JSArrayBuffer.data",
        typed_array_buffer: "JSTypedArray.buffer",
        promise_data_promise_reactions: "JSPromiseData.promise_reactions",
        promise_data_promise_result: "JSPromiseData.promise_result",
        promise_reaction_data_link: "JSPromiseReactionData.link",
        promise_reaction_data_resolving_funcs: "JSPromiseReactionData.resolving_funcs",
        promise_reaction_data_handler: "JSPromiseReactionData.handler",
        promise_reaction_data_async_context: "JSPromiseReactionData.async_context",
        promise_function_data_promise: "JSPromiseFunctionData.promise",
        promise_function_data_presolved: "JSPromiseFunctionData.presolved",
        async_function_data_resolving_funcs: "JSAsyncFunctionData.resolving_funcs",
        async_function_data_is_active: "JSAsyncFunctionData.is_active",
        async_function_data_func_state: "JSAsyncFunctionData.func_state",
        async_function_state_this_val: "JSAsyncFunctionState.this_val",
        async_function_state_frame: "JSAsyncFunctionState.frame",
        stack_frame_cur_func: "JSStackFrame.cur_func",
        stack_frame_arg_buf: "JSStackFrame.arg_buf",
        stack_frame_cur_sp: "JSStackFrame.cur_sp",
        stack_frame_cur_gc_obj: "JSStackFrame.cur_gc_obj",
        generator_data_state: "JSGeneratorData.state",
        generator_data_func_state: "JSGeneratorData.func_state",
        generator_state_completed: "JS_GENERATOR_STATE_COMPLETED",
        async_generator_data_state: "JSAsyncGeneratorData.state",
        async_generator_data_func_state: "JSAsyncGeneratorData.func_state",
        async_generator_data_queue: "JSAsyncGeneratorData.queue",
        async_generator_state_completed: "JS_ASYNC_GENERATOR_STATE_COMPLETED",
        async_generator_state_awaiting_return: "JS_ASYNC_GENERATOR_STATE_AWAITING_RETURN",
        async_generator_request_link: "JSAsyncGeneratorRequest.link",
        async_generator_request_result: "JSAsyncGeneratorRequest.result",
        async_generator_request_promise: "JSAsyncGeneratorRequest.promise",
        async_generator_request_resolving_funcs: "JSAsyncGeneratorRequest.resolving_funcs",
        finalization_registry_data_entries: "JSFinalizationRegistryData.entries",
        finalization_registry_data_cb: "JSFinalizationRegistryData.cb",
        fin_rec_entry_link: "JSFinRecEntry.link",
        fin_rec_entry_held_val: "JSFinRecEntry.held_val",
        fin_rec_entry_token: "JSFinRecEntry.token",
        fin_rec_entry_cb: "JSFinRecEntry.cb",
        fin_rec_entry_ctx: "JSFinRecEntry.ctx",
        disposable_stack_resources: "JSDisposableStack.resources",
        disposable_stack_resource_count: "JSDisposableStack.resource_count",
        size_disposable_resource: "sizeof JSDisposableResource",
        disposable_resource_value: "JSDisposableResource.value",
        disposable_resource_method: "JSDisposableResource.method",
        class_object: "JS_CLASS_OBJECT",
        class_array: "JS_CLASS_ARRAY",
        class_error: "JS_CLASS_ERROR",
        class_number: "JS_CLASS_NUMBER",
        class_string: "JS_CLASS_STRING",
        class_boolean: "JS_CLASS_BOOLEAN",
        class_symbol: "JS_CLASS_SYMBOL",
        class_arguments: "JS_CLASS_ARGUMENTS",
        class_mapped_arguments: "JS_CLASS_MAPPED_ARGUMENTS",
        class_date: "JS_CLASS_DATE",
        class_c_function: "JS_CLASS_C_FUNCTION",
        class_bytecode_function: "JS_CLASS_BYTECODE_FUNCTION",
        class_bound_function: "JS_CLASS_BOUND_FUNCTION",
        class_c_function_data: "JS_CLASS_C_FUNCTION_DATA",
        class_c_closure: "JS_CLASS_C_CLOSURE",
        class_generator_function: "JS_CLASS_GENERATOR_FUNCTION",
        class_for_in_iterator: "JS_CLASS_FOR_IN_ITERATOR",
        class_regexp: "JS_CLASS_REGEXP",
        class_array_buffer: "JS_CLASS_ARRAY_BUFFER",
        class_shared_array_buffer: "JS_CLASS_SHARED_ARRAY_BUFFER",
        class_uint8c_array: "JS_CLASS_UINT8C_ARRAY",
        class_dataview: "JS_CLASS_DATAVIEW",
        class_big_int: "JS_CLASS_BIG_INT",
        class_map: "JS_CLASS_MAP",
        class_set: "JS_CLASS_SET",
        class_weakmap: "JS_CLASS_WEAKMAP",
        class_weakset: "JS_CLASS_WEAKSET",
        class_map_iterator: "JS_CLASS_MAP_ITERATOR",
        class_set_iterator: "JS_CLASS_SET_ITERATOR",
        class_array_iterator: "JS_CLASS_ARRAY_ITERATOR",
        class_string_iterator: "JS_CLASS_STRING_ITERATOR",
        class_generator: "JS_CLASS_GENERATOR",
        class_disposable_stack: "JS_CLASS_DISPOSABLE_STACK",
        class_proxy: "JS_CLASS_PROXY",
        class_promise: "JS_CLASS_PROMISE",
        class_promise_resolve_function: "JS_CLASS_PROMISE_RESOLVE_FUNCTION",
        class_promise_reject_function: "JS_CLASS_PROMISE_REJECT_FUNCTION",
        class_async_function: "JS_CLASS_ASYNC_FUNCTION",
        class_async_function_resolve: "JS_CLASS_ASYNC_FUNCTION_RESOLVE",
        class_async_function_reject: "JS_CLASS_ASYNC_FUNCTION_REJECT",
        class_async_generator_function: "JS_CLASS_ASYNC_GENERATOR_FUNCTION",
        class_async_generator: "JS_CLASS_ASYNC_GENERATOR",
        class_async_disposable_stack: "JS_CLASS_ASYNC_DISPOSABLE_STACK",
        class_weak_ref: "JS_CLASS_WEAK_REF",
        class_finalization_registry: "JS_CLASS_FINALIZATION_REGISTRY",
        class_init_count: "JS_CLASS_INIT_COUNT",
        arena_block_sizes: "&arena_block_sizes",
    }
    {
        malloc_block_header_gc_obj_type: "JSMallocBlockHeader.gc_obj_type",
        object_fast_array: "JSObject.fast_array",
        shape_property_flags: "JSShapeProperty.flags",
        string_len: "JSString.len",
        string_is_wide_char: "JSString.is_wide_char",
        string_kind: "JSString.kind",
        string_atom_type: "JSString.atom_type",
    }
}

impl Layout {
    /// Finds the table in a memory, and reads it.
    pub(crate) fn find(memory: Memory<'_>) -> Result<Self, Damage> {
        let found = memory.0.chunks_exact(16).position(|chunk| chunk == MAGIC).ok_or(Damage::NoLayout)?;
        let table = (found * 16) as u32;
        let [version, count, entries, runtime] =
            [16, 20, 24, 28].map(|offset| memory.u32(table + offset)).into_iter().collect::<Result<Vec<_>, _>>()?[..]
        else {
            return Err(Damage::NoLayout);
        };
        if version != VERSION || count > MOST_NAMES {
            return Err(Damage::Version(version));
        }
        if runtime == 0 {
            return Err(Damage::NoRuntime);
        }
        let mut names = HashMap::with_capacity(count as usize);
        for index in 0..count {
            let entry = entries.wrapping_add(index * 8);
            names.insert(memory.c_str(memory.u32(entry)?)?, memory.u32(entry.wrapping_add(4))?);
        }
        Self::named(runtime, &names)
    }
}
