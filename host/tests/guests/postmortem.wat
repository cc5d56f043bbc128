;; Loops for ever, and says afterwards where it was, in one of several ways: which one stands in its memory alone, where
;; the props put it. With the props 99 it gives what stands there.
(data (i32.const 256) "    at loop (app.js:1:2)\nno call\n")
(data (i32.const 320) "unasked")

(func $render (param $props i32) (param $length i32) (result i32)
  (local $way i32)
  (local.set $way (call $number (local.get $props) (local.get $length)))
  (if (i32.eq (local.get $way) (i32.const 99))
    (then (return (call $bytes (i32.const 512) (i32.const 4)))))
  (i32.store (i32.const 512) (local.get $way))
  (loop $for_ever (br $for_ever))
  (unreachable))

(func (export "dayfly:sandbox/postmortem@0.1.0#stack") (result i32)
  (local $way i32)
  (local.set $way (i32.load (i32.const 512)))
  ;; It never ends, traps, or wants memory.
  (if (i32.eq (local.get $way) (i32.const 1))
    (then (loop $again (br $again))))
  (if (i32.eq (local.get $way) (i32.const 2))
    (then (unreachable)))
  (if (i32.eq (local.get $way) (i32.const 3))
    (then (drop (memory.grow (i32.const 1)))))
  ;; A gibibyte that is not there, and a text that is longer than a stack may be.
  (if (i32.eq (local.get $way) (i32.const 4))
    (then (return (call $said (i32.const 256) (i32.const 1073741824)))))
  (if (i32.eq (local.get $way) (i32.const 5))
    (then (return (call $said (i32.const 256) (i32.const 20000)))))
  ;; No UTF-8, no call, and an address that is none.
  (if (i32.eq (local.get $way) (i32.const 6))
    (then (i32.store8 (i32.const 260) (i32.const 255))))
  (if (i32.eq (local.get $way) (i32.const 7))
    (then (return (call $said (i32.const 281) (i32.const 7)))))
  (if (i32.eq (local.get $way) (i32.const 8))
    (then (return (i32.const 65534))))
  ;; It does what only a render may.
  (if (i32.eq (local.get $way) (i32.const 9))
    (then (call $line (i32.const 320) (i32.const 7))))
  (if (i32.eq (local.get $way) (i32.const 10))
    (then (call $sleep (i64.const 3600000000000))))
  (if (i32.eq (local.get $way) (i32.const 11))
    (then (call $start (i32.const 200) (i32.const 0) (i32.const 0))))
  (call $said (i32.const 256) (i32.const 33)))

(func $said (param $start i32) (param $length i32) (result i32)
  (call $put (i32.const 0) (local.get $start) (local.get $length))
  (i32.const 0))
