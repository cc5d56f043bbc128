// One entry, as CommonJS for Node.

module.exports = ({ entry, filename, folder }) => ({
  mode: "production",
  target: "node18",
  context: __dirname,
  entry: `./${entry}`,
  output: { path: folder, filename, library: { type: "commonjs2" } },
  module: {
    rules: [
      {
        test: /\.jsx$/,
        use: {
          loader: "babel-loader",
          options: {
            presets: [[require.resolve("@babel/preset-env"), { targets: { node: 18 } }], require.resolve("@babel/preset-react")],
          },
        },
      },
    ],
  },
  optimization: { minimize: false },
  performance: { hints: false },
  externalsPresets: { node: true },
});
