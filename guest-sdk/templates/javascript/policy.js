// The policy `@name@`.

import { @imports@, guarded, readSettings, strings } from './portcullis.js';

let settings = null;

export const lifecycle = {
  configure: guarded((text) => {
    settings = readSettings(text, { @fields@ });
  }),
};

@hooks@
