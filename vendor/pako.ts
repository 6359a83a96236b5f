export {Inflate, constants, gzip} from "pako";
