import { renderToString } from "react-dom/server";
import styled, { createGlobalStyle, css, keyframes, ServerStyleSheet, ThemeProvider } from "styled-components";
import { rows } from "data";

const turn = keyframes`from { rotate: 0deg } to { rotate: 360deg }`;
const Global = createGlobalStyle`body { margin: 0; font: 16px/1.5 sans-serif }`;
const Button = styled.button.attrs({ type: "button" })`
  color: ${({ theme }) => theme.main};
  ${({ $big }) => $big && css`font-size: 2em; &:hover { animation: ${turn} 1s linear infinite }`}
  @media (min-width: 40em) { padding: 0 1em }
`;
const Danger = styled(Button)`background: red; ${Button} + & { margin-left: 1em }`;

export function render({ count }) {
  const sheet = new ServerStyleSheet();
  try {
    const page = renderToString(
      sheet.collectStyles(
        <ThemeProvider theme={{ main: "rebeccapurple" }}>
          <Global />
          {rows(count).map((row) => (row.ok ? <Button key={row.id} $big={row.qty > 5}>{row.name}</Button> : <Danger key={row.id}>{row.name}</Danger>))}
        </ThemeProvider>,
      ),
    );
    return `<head>${sheet.getStyleTags()}</head><body>${page}</body>`;
  } finally {
    sheet.seal();
  }
}
