import js from '@eslint/js';
import vue from 'eslint-plugin-vue';
import vueAccessibility from 'eslint-plugin-vuejs-accessibility';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const projects = ['shared', 'main', 'assembly', 'preload', 'renderer', 'test'].map(
  (name) => `build/tsconfig.${name}.json`,
);

/** Elsewhere the rules of Vue take an eighth of the time to find nothing. */
const vueFiles = ['renderer/**', 'test/{renderer,kit}/**'];

/** Rules that need types: what only they can see is a promise nobody waits for. @type {import('eslint').Linter.RulesRecord} */
const typed = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': [
    'error',
    { checksVoidReturn: { arguments: false, attributes: false } },
  ],
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/restrict-plus-operands': 'error',
  '@typescript-eslint/no-base-to-string': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
};

/** @type {import('eslint').Linter.RulesRecord} */
const strict = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
  ],
  // a typed loop has just checked its bounds
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/ban-ts-comment': 'error',
  eqeqeq: ['error', 'always'],
  'no-console': 'error',
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-empty': ['error', { allowEmptyCatch: false }],
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'exports are named' },
    { selector: 'ForInStatement', message: 'names from files are data: go over Object.keys or a Map' },
  ],
};

export default tseslint.config(
  { ignores: ['node_modules/**', 'dist/**', 'release/**', 'test-results/**', 'test/fixtures/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  ...[...vue.configs['flat/recommended-error'], ...vueAccessibility.configs['flat/recommended']].map(
    (config) => ({ files: vueFiles, ...config }),
  ),
  {
    files: ['**/*.ts', '**/*.vue', '**/*.mjs'],
    languageOptions: {
      parserOptions: { project: projects, tsconfigRootDir: root, extraFileExtensions: ['.vue'] },
    },
    // undefined names are the compiler's to find
    rules: { 'no-undef': 'off', ...typed },
  },
  { files: ['shared/**/*.ts', 'main/**/*.ts', 'renderer/**/*.{ts,vue}'], rules: strict },
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser } },
    rules: {
      // prettier's business
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/no-v-html': 'error',
      'vue/require-default-prop': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      // either nesting or an id ties a label to its field
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
    },
  },
  {
    files: ['renderer/**/*.vue'],
    rules: {
      'no-restricted-syntax': ['error', { selector: 'ForInStatement', message: 'names from files are data' }],
    },
  },
  {
    // to TypeScript all of its number types are one double: casts between them look idle, and 64 bits too many
    files: ['main/{kernels,encodings/*}/assembly/**/*.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off', 'no-loss-of-precision': 'off' },
  },
  { files: ['**/*.d.ts'], rules: { '@typescript-eslint/consistent-type-imports': 'off' } },
  { files: ['main/hosts/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts', 'build/**/*.{ts,mjs}'],
    rules: { '@typescript-eslint/no-explicit-any': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
