import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { source } from "data";

export const useShop = defineStore("shop", () => {
  const ask = source();
  const [name, rows] = [ref(""), ref([])];
  const total = computed(() => rows.value.reduce((sum, row) => sum + row.qty, 0));
  async function load(wanted) {
    ({ name: name.value, rows: rows.value } = await ask(wanted));
  }
  return { name, rows, total, load };
});
