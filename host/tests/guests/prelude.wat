;; What every guest has, put before its own text: memory, an allocator that never frees, and ways to answer.
;;
;; A guest defines `$render`, which gets the props, or `$handle`, which gets the URL of a request, and gives the address
;; of an answer. The answer stands at 0; a guest's
;; own data stands from 256 on, and what is allocated from 4096 on.
(memory (export "memory") 1)
(global $free (mut i32) (i32.const 4096))
(global $bounded (mut i32) (i32.const 0))
(global $js_stack (mut i32) (i32.const 0))
(global $page (mut i64) (i64.const 0))
;; Of a request's body: whether it is still to come, its address or its number, and its length if it is there.
(global $is_streamed (mut i32) (i32.const 0))
(global $body (mut i32) (i32.const 0))
(global $body_length (mut i32) (i32.const 0))

(func (export "dayfly:sandbox/renderer@0.1.0#render")
  (param $props i32) (param $length i32) (param $is_bounded i32) (param $js_stack_bound i32) (param $page_bound i64)
  (result i32)
  (global.set $bounded (local.get $is_bounded))
  (global.set $js_stack (local.get $js_stack_bound))
  (global.set $page (local.get $page_bound))
  (call $render (local.get $props) (local.get $length)))

(func (export "dayfly:sandbox/handler@0.1.0#handle")
  (param $method i32) (param $method_length i32) (param $url i32) (param $url_length i32)
  (param $headers i32) (param $headers_length i32)
  (param $has_body i32) (param $is_streamed i32) (param $body i32) (param $body_length i32)
  (param $env i32) (param $env_length i32)
  (param $is_bounded i32) (param $js_stack_bound i32) (param $page_bound i64)
  (result i32)
  (global.set $bounded (local.get $is_bounded))
  (global.set $js_stack (local.get $js_stack_bound))
  (global.set $page (local.get $page_bound))
  (global.set $is_streamed (i32.and (local.get $has_body) (local.get $is_streamed)))
  (global.set $body (local.get $body))
  (global.set $body_length (local.get $body_length))
  (call $handle (local.get $url) (local.get $url_length)))

(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (call $allocate (local.get $size)))

;; Eight bytes of alignment are more than anything in the contract asks for.
(func $allocate (param $size i32) (result i32)
  (local $start i32)
  (local $lacking i32)
  (local.set $start (global.get $free))
  (global.set $free
    (i32.and (i32.add (i32.add (local.get $start) (local.get $size)) (i32.const 7)) (i32.const -8)))
  (local.set $lacking
    (i32.sub (i32.shr_u (i32.add (global.get $free) (i32.const 65535)) (i32.const 16)) (memory.size)))
  (if (i32.gt_s (local.get $lacking) (i32.const 0))
    (then (drop (memory.grow (local.get $lacking)))))
  (local.get $start))

;; The number that the props are: decimal digits and nothing else.
(func $number (param $props i32) (param $length i32) (result i32)
  (local $number i32)
  (block $end
    (loop $digit
      (br_if $end (i32.eqz (local.get $length)))
      (local.set $number
        (i32.add
          (i32.mul (local.get $number) (i32.const 10))
          (i32.sub (i32.load8_u (local.get $props)) (i32.const 48))))
      (local.set $props (i32.add (local.get $props) (i32.const 1)))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br $digit)))
  (local.get $number))

;; That many bytes of one kind.
(func $filled (param $length i32) (param $byte i32) (result i32)
  (local $start i32)
  (local.set $start (call $allocate (local.get $length)))
  (memory.fill (local.get $start) (local.get $byte) (local.get $length))
  (local.get $start))

;; The answer `ok(text(…))`.
(func $text (param $start i32) (param $length i32) (result i32)
  (call $answer (i32.const 0) (i32.const 0) (local.get $start) (local.get $length)))

;; The answer `ok(bytes(…))`.
(func $bytes (param $start i32) (param $length i32) (result i32)
  (call $answer (i32.const 0) (i32.const 1) (local.get $start) (local.get $length)))

;; The answer `ok(_)` of a handler.
(func $done (result i32)
  (call $answer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))

;; The answer `err(…)` with one of the cases of `failure`; what the case carries stands from 8 on.
(func $failure (param $case i32) (param $start i32) (param $length i32) (result i32)
  (call $answer (i32.const 1) (local.get $case) (local.get $start) (local.get $length)))

(func $answer (param $is_failure i32) (param $case i32) (param $start i32) (param $length i32) (result i32)
  (i32.store (i32.const 0) (local.get $is_failure))
  (i32.store (i32.const 4) (local.get $case))
  (i32.store (i32.const 8) (local.get $start))
  (i32.store (i32.const 12) (local.get $length))
  (i32.const 0))

;; Puts a string, an address and a length, where one is expected.
(func $put (param $at i32) (param $start i32) (param $length i32)
  (i32.store (local.get $at) (local.get $start))
  (i32.store offset=4 (local.get $at) (local.get $length)))
