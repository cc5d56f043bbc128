;; A component and no module: makes a thousand handles of a resource of its own.
(component
  (type $resource (resource (rep i32)))
  (core func $new (canon resource.new $resource))
  (core module $module
    (import "resource" "new" (func $new (param i32) (result i32)))
    (func $start (local $left i32)
      (local.set $left (i32.const 1000))
      (loop $again
        (drop (call $new (local.get $left)))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
    (start $start))
  (core instance (instantiate $module
    (with "resource" (instance (export "new" (func $new)))))))
