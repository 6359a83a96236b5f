export {zipSync} from "fflate";
