;; Asks the clock twice, sleeps for a millisecond, and asks twice more: gives the four times, 8 bytes each.
(func $render (param $props i32) (param $length i32) (result i32)
  (i64.store (i32.const 256) (call $now))
  (i64.store (i32.const 264) (call $now))
  (call $sleep (i64.const 1000000))
  (i64.store (i32.const 272) (call $now))
  (i64.store (i32.const 280) (call $now))
  (call $bytes (i32.const 256) (i32.const 32)))
