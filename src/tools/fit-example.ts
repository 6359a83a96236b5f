// One scan of the simulated cohort, for readers who have no data at hand.
import {FileAttachment} from "observablehq:stdlib";
import {folderOf, type Folder} from "../io/folder.js";

/** A scan with its b values, sidecar and tissue labels, as a reader would drop them. */
export function exampleScan(): Folder {
  return folderOf("example", {
    "sub-01_ses-1_acq-TE93_dwi.nii.gz": FileAttachment(
      "../generated/data/simulated-cohort/sub-01/ses-1/dwi/sub-01_ses-1_acq-TE93_dwi.nii.gz"
    ),
    "dwi.bval": FileAttachment("../generated/data/simulated-cohort/dwi.bval"),
    "acq-TE93_dwi.json": FileAttachment("../generated/data/simulated-cohort/acq-TE93_dwi.json"),
    "sub-01_ses-1_dseg.nii.gz": FileAttachment(
      "../generated/data/simulated-cohort/derivatives/labels/sub-01/ses-1/dwi/sub-01_ses-1_dseg.nii.gz"
    ),
    "dseg.tsv": FileAttachment("../generated/data/simulated-cohort/derivatives/labels/dseg.tsv")
  });
}
