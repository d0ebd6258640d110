/** Lines of a name, a space and an emoji; made by `vite.config.ts`. */
declare module "virtual:emoji" {
  const lines: string;
  export default lines;
}
