// The OCA's style: lines of 88 characters, white space of XML left alone.
module.exports = {
    plugins: [require.resolve("@prettier/plugin-xml")],
    bracketSpacing: false,
    printWidth: 88,
    proseWrap: "preserve",
    trailingComma: "es5",
    xmlWhitespaceSensitivity: "preserve",
};
