// A plugin of typedoc: gives each module the name and the purpose of its entry point, and leaves out paths of files and
// constructors that say nothing.
import { Comment, Converter, ReflectionKind } from 'typedoc';
import { entryPoints } from './typedoc.mjs';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const source = module.sources?.[0]?.fullFileName;
      const entry = entryPoints.find(({ file }) => source?.endsWith(file));
      if (!entry) throw new Error(`No entry point has the source ${source}.`);
      module.name = entry.name;
      module.comment = new Comment([{ kind: 'text', text: entry.purpose }]);
    }
    for (const constructor of project.getReflectionsByKind(ReflectionKind.Constructor))
      if (constructor.signatures?.every(({ parameters }) => !parameters?.length))
        project.removeReflection(constructor);
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      delete reflection.sources;
      for (const signature of reflection.signatures ?? []) delete signature.sources;
    }
  });
}
