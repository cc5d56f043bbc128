;; A guest that does what its input says, which is hex digits: the props, or what is behind the `?` of a URL.
;;
;; Decoded they stand at 0x4000, and are calls: a byte that says which, and two bytes for each argument. Arguments from 0x8000 on
;; become ones from 0xffff8000 on, which no memory has. The answer is where the first two bytes say, in whole words.
(module
  (import "dayfly:sandbox/console@0.1.0" "write" (func $write (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "dayfly:sandbox/clock@0.1.0" "now" (func $now (result i64)))
  (import "dayfly:sandbox/clock@0.1.0" "sleep" (func $sleep (param i64)))
  (import "dayfly:sandbox/random@0.1.0" "seed" (func $seed (result i64)))
  (import "dayfly:sandbox/response@0.1.0" "start" (func $start (param i32 i32 i32)))
  (import "dayfly:sandbox/response@0.1.0" "write" (func $send (param i32 i32) (result i32)))
  (import "dayfly:sandbox/response@0.1.0" "finish" (func $finish))
  (import "dayfly:sandbox/outgoing@0.1.0" "room" (func $room (result i64)))
  (import "dayfly:sandbox/outgoing@0.1.0" "start" (func $begin (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "dayfly:sandbox/outgoing@0.1.0" "read" (func $read (param i32)))
  (import "dayfly:sandbox/outgoing@0.1.0" "decoded" (func $decoded (param i32 i64 i32)))
  (import "dayfly:sandbox/outgoing@0.1.0" "cancel" (func $cancel (param i32)))
  (import "dayfly:sandbox/outgoing@0.1.0" "wait" (func $wait (param i32 i64 i32)))

  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 0x20000))
  (global $at (mut i32) (i32.const 0x4000))
  (global $end (mut i32) (i32.const 0x4000))

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32)
    (local.set $start (global.get $free))
    (global.set $free (i32.and (i32.add (i32.add (local.get $start) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (drop (memory.grow (i32.shr_u (local.get $size) (i32.const 16))))
    (local.get $start))

  (func $digit (param $character i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $character) (i32.const 0x39))
      (then (i32.sub (local.get $character) (i32.const 0x57)))
      (else (i32.sub (local.get $character) (i32.const 0x30)))))

  (func $decode (param $text i32) (param $length i32)
    (block $done
      (loop $more
        (br_if $done (i32.lt_s (local.get $length) (i32.const 2)))
        (i32.store8 (global.get $end)
          (i32.or
            (i32.shl (call $digit (i32.load8_u (local.get $text))) (i32.const 4))
            (call $digit (i32.load8_u offset=1 (local.get $text)))))
        (global.set $end (i32.add (global.get $end) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 2)))
        (local.set $length (i32.sub (local.get $length) (i32.const 2)))
        (br $more))))

  (func $byte (result i32)
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (i32.load8_u (i32.sub (global.get $at) (i32.const 1))))

  (func $argument (result i32)
    (global.set $at (i32.add (global.get $at) (i32.const 2)))
    (i32.load16_s (i32.sub (global.get $at) (i32.const 2))))

  (func $long (result i64) (i64.extend_i32_s (call $argument)))

  (func $call (param $which i32)
    (block $wait (block $cancel (block $read (block $begin (block $finish (block $send (block $start (block $look (block $write
      (br_table $write $look $start $send $finish $begin $read $cancel $wait
        (i32.rem_u (local.get $which) (i32.const 9))))
      (call $write (call $argument) (call $argument) (call $argument) (call $argument) (call $argument) (call $argument)
        (call $argument) (call $argument) (call $argument))
      return)
      (drop (call $now)) (drop (call $seed)) (drop (call $room)) (call $sleep (call $long))
      (call $decoded (i32.const 0) (i64.const 1) (i32.const 0x1200))
      return)
      (call $start (call $argument) (call $argument) (call $argument))
      return)
      (drop (call $send (call $argument) (call $argument)))
      return)
      (call $finish)
      return)
      (call $begin (call $argument) (call $argument) (call $argument) (call $argument) (call $argument) (call $argument)
        (call $argument) (call $argument) (call $argument) (i32.const 0x1000))
      return)
      (call $read (call $argument))
      return)
      (call $cancel (call $argument))
      return)
    (call $wait (i32.const 1) (call $long) (i32.const 0x1100)))

  (func $run (param $text i32) (param $length i32) (result i32)
    (local $answer i32)
    (call $decode (local.get $text) (local.get $length))
    (local.set $answer (i32.and (call $argument) (i32.const -4)))
    (block $done
      (loop $more
        (br_if $done (i32.ge_u (global.get $at) (global.get $end)))
        (call $call (call $byte))
        (br $more)))
    (local.get $answer))

  (func (export "dayfly:sandbox/renderer@0.1.0#render")
    (param $props i32) (param $length i32) (param i32) (param i32) (param i64) (result i32)
    (call $run (local.get $props) (local.get $length)))

  (func (export "dayfly:sandbox/handler@0.1.0#handle")
    (param i32) (param i32) (param $url i32) (param $url_length i32) (param i32) (param i32)
    (param i32) (param i32) (param i32) (param i32) (param i32) (param i32) (param i32) (param i32) (param i64) (result i32)
    ;; Behind `http://a.example/?`.
    (call $run (i32.add (local.get $url) (i32.const 18)) (i32.sub (local.get $url_length) (i32.const 18)))))
