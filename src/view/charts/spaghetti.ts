import {color} from "../theme.js";
import {
  anyHighlighted, axisTitle, brushParameter, drawable, head, highlightParameter, inFocus, isHighlighted, leftOut, noData
} from "./spec.js";
import type {ChartOptions, ChartSpec, VegaLiteSpec} from "./spec.js";

export interface SpaghettiRow {
  subject: string;
  session: string;
  /** In the unit of the quantity. */
  value: number;
  /** Tissue or region; a panel each when `facet` is set. */
  region?: string;
}

export interface SpaghettiOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  /** A panel a region, each with its own scale. */
  facet?: boolean;
  /** Order of the sessions; as they come unless told. */
  sessions?: readonly string[];
  highlight?: readonly string[];
}

/** One line a subject from session to session. Dragging over values picks the subjects that have one there. */
export function spaghetti(data: readonly SpaghettiRow[], options: SpaghettiOptions): ChartSpec {
  const {quantity, unit, height = 280, facet = false} = options;
  const {rows, left} = drawable(data, ["value"]);
  const description = options.description ?? `${quantity} of each subject in each session, joined by a line.`;
  if (rows.length === 0) return noData("No measurements.", {description, height});
  const points = rows.map(({subject, session, value, region}) => ({subject, session, value, region: region ?? ""}));
  const sessions = options.sessions ?? [...new Set(points.map((row) => row.session))];
  const regions = [...new Set(points.map((row) => row.region))];
  const panels = facet && regions.length > 1;
  const shared = {
    x: {
      field: "session", type: "ordinal", title: null, sort: [...sessions],
      scale: {type: "point", padding: 0.35}, axis: {labelAngle: 0, domain: false, ticks: false, grid: true}
    },
    y: {
      field: "value", type: "quantitative", title: panels ? null : axisTitle(quantity, unit),
      scale: {zero: false, nice: true}
    }
  } as const;
  const tooltip = [
    {field: "subject", type: "nominal", title: "Subject"},
    ...(regions.length > 1 ? [{field: "region", type: "nominal", title: "Region"} as const] : []),
    {field: "session", type: "nominal", title: "Session"},
    {field: "value", type: "quantitative", title: axisTitle(quantity, unit), format: ".5~g"}
  ] as const;
  const paint = {
    condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: color.accent2},
    value: color.series[0]
  };
  const layer = [
    {
      mark: {type: "line", strokeWidth: 1.4},
      encoding: {
        ...shared,
        detail: [{field: "subject", type: "nominal"}, {field: "region", type: "nominal"}],
        color: paint,
        opacity: {condition: {test: inFocus, value: 0.7}, value: 0.12},
        tooltip: [...tooltip.filter(({title}) => title === "Subject" || title === "Region")]
      }
    },
    {
      params: [brushParameter(["y"])],
      mark: {type: "point", filled: true},
      encoding: {
        ...shared,
        color: paint,
        opacity: {condition: {test: inFocus, value: 0.9}, value: 0.15},
        size: {condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: 80}, value: 40},
        tooltip: [...tooltip]
      }
    }
  ];
  const common = {
    ...head(description),
    ...leftOut(left, data.length),
    params: [highlightParameter(options.highlight)],
    datasets: {points}
  };
  if (!panels) {
    return {
      ...common, width: "container", height, usermeta: {brush: {data: "points", key: "subject"}},
      data: {name: "points"}, layer
    } as VegaLiteSpec;
  }
  return (width) => {
    const columns = Math.max(1, Math.min(regions.length, Math.floor(width / 170)));
    // Panels are laid out by their plotting areas, so the space between them is that of the axis labels.
    const labels = 50;
    // A mark rather than a facet header: headers stand where the panel's axis ends, each at another height.
    const name = {
      transform: [{aggregate: [], groupby: ["region"]}],
      mark: {type: "text", align: "left", baseline: "bottom", fontSize: 12, fontWeight: 600, dy: -10},
      encoding: {x: {value: 0}, y: {value: 0}, text: {field: "region", type: "nominal"}}
    };
    const panel = Math.max(90, Math.floor((width - 12) / columns) - labels);
    return {
      ...common,
      usermeta: {brush: {data: "points", key: "subject", facet: "region"}},
      data: {name: "points"},
      columns,
      title: {
        text: axisTitle(quantity, unit), fontWeight: "normal", color: color.muted, offset: 6,
        subtitle: leftOut(left, data.length).title?.text ?? ""
      },
      bounds: "flush",
      spacing: {row: 56, column: labels},
      facet: {field: "region", type: "nominal", title: null, sort: regions, header: {labelExpr: "''"}},
      spec: {width: panel, height: columns === 1 ? Math.min(height, 200) : height, layer: [...layer, name]},
      resolve: {scale: {y: "independent"}}
    } as VegaLiteSpec;
  };
}
