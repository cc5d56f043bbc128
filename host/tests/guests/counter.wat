;; Counts renders, in a global and in memory, and gives both counts: 4 bytes each.
(global $renders (mut i32) (i32.const 0))

(func $render (param $props i32) (param $length i32) (result i32)
  (global.set $renders (i32.add (global.get $renders) (i32.const 1)))
  (i32.store (i32.const 256) (i32.add (i32.load (i32.const 256)) (i32.const 1)))
  (i32.store (i32.const 260) (global.get $renders))
  (call $bytes (i32.const 256) (i32.const 8)))
