// The policy `@name@`.

import { @imports@, guarded, readSettings, strings } from './portcullis.js';
import type { @types@ } from './portcullis.js';

let settings: { @types_of_fields@ };

export const lifecycle: Lifecycle = {
  configure: guarded((text) => {
    settings = readSettings(text, { @fields@ });
  }),
};

@hooks@
