export {View, parse, changeset, truthy, Warn, None} from "vega";
export type {Config as VegaConfig, Spec as VegaSpec, LoggerInterface} from "vega";
export {compile} from "vega-lite";
export type {Config as VegaLiteConfig, TopLevelSpec} from "vega-lite";
export {default as embed} from "vega-embed";
export type {EmbedOptions, Result as EmbedResult} from "vega-embed";
export {expressionInterpreter} from "vega-interpreter";
