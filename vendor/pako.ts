export {Deflate, Inflate, constants, gzip} from "pako";
