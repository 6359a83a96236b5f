export {NIFTI1, NIFTI2} from "nifti-reader-js";
