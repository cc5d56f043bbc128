interface Props {
  greeting: string;
  name: string;
}

export function Page({ greeting, name }: Props) {
  return (
    <html lang="en">
      <head>
        <title>{greeting}</title>
      </head>
      <body>
        <h1>
          {greeting}, {name}!
        </h1>
        <form>
          <label>
            Name <input name="name" value={name} />
          </label>
        </form>
      </body>
    </html>
  );
}
