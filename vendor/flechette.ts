export {columnFromArray, float64, int32, tableFromColumns, tableFromIPC, tableToIPC, utf8} from "@uwdata/flechette";
