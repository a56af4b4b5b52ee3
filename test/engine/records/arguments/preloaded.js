"use strict";
globalThis.preloaded = true;
