export {Niivue, NVImage, SLICE_TYPE} from "@niivue/niivue";
