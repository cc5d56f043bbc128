import createCache from "@emotion/cache";
import { CacheProvider, css, Global, keyframes, ThemeProvider } from "@emotion/react";
import createEmotionServer from "@emotion/server/create-instance";
import styled from "@emotion/styled";
import { renderToString } from "react-dom/server";
import { rows } from "data";

const turn = keyframes`from { rotate: 0deg } to { rotate: 360deg }`;
const Button = styled.button`
  color: ${({ theme }) => theme.main};
  &:hover { animation: ${turn} 1s linear infinite }
  ${({ big }) => big && css({ fontSize: "2em", "@media (min-width: 40em)": { padding: "0 1em" } })}
`;

export function render({ count }) {
  const cache = createCache({ key: "shop" });
  const { extractCriticalToChunks, constructStyleTagsFromChunks } = createEmotionServer(cache);
  const page = renderToString(
    <CacheProvider value={cache}>
      <ThemeProvider theme={{ main: "rebeccapurple" }}>
        <Global styles={css`body { margin: 0 }`} />
        {rows(count).map((row) => <Button key={row.id} big={row.ok}>{row.name}</Button>)}
      </ThemeProvider>
    </CacheProvider>,
  );
  return `<head>${constructStyleTagsFromChunks(extractCriticalToChunks(page))}</head><body>${page}</body>`;
}
