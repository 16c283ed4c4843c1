import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
let t=performance.now(); const lap=(s:string)=>{console.log(s, (performance.now()-t).toFixed(0),'ms'); t=performance.now()}
const tf = await import('@tricklab/core/tf'); lap('tf')
const util = require('node:util'); util.isNullOrUndefined ??= (x:any)=>x==null; util.isArray ??= Array.isArray
const P='@tensorflow/tfjs-node-gpu/'
const {NodeJSKernelBackend} = require(P+'dist/nodejs_kernel_backend.js'); lap('nkb')
require(P+'dist/register_all_kernels.js'); lap('kernels')
const b = require('/tmp/tfwheel/out/lib/napi-v8/tfjs_binding.node'); lap('binding')
console.log(Object.keys(b).join(' '), b.TF_Version, b.isUsingGpuDevice())
tf.registerBackend('tensorflow', ()=> new NodeJSKernelBackend(b, '@tensorflow/tfjs-node-gpu'), 3)
console.log(await tf.setBackend('tensorflow'), tf.getBackend()); lap('backend')
await import('@tensorflow/tfjs-backend-cpu')
await import('@tensorflow/tfjs-backend-wasm')
const f=()=>{
  const rnd=(s:number[],seed:number)=>tf.randomNormal(s,0,1,'float32',seed)
  const x=rnd([4,12,12,3],1) as any,w1=rnd([3,3,3,8],2) as any,w2=rnd([3,3,8,8],3) as any,d=rnd([8,5],4) as any,g=rnd([8],5), bb=rnd([8],6)
  const y=tf.oneHot(tf.tensor1d([0,1,2,3],'int32'),5)
  const loss=(w1:any,w2:any,d:any,g:any,bb:any)=>{ let h=tf.conv2d(x,w1,1,'same'); const m=tf.moments(h,[0,1,2]); h=tf.batchNorm(h as any,m.mean as any,m.variance as any,bb,g,1e-5) as any; h=tf.relu(h); h=tf.maxPool(h as any,3,2,'same'); h=tf.conv2d(h as any,w2,2,'same'); h=tf.leakyRelu(h) as any; const p=tf.mean(h,[1,2]); return tf.losses.softmaxCrossEntropy(y,tf.matMul(p as any,d)).asScalar() }
  const {value,grads}=tf.valueAndGrads(loss)([w1,w2,d,g,bb]); return [value,...grads] }
const res:Record<string,Float32Array[]>={}
for (const e of ['tensorflow','cpu']) { await tf.setBackend(e); const r=f(); res[e]=await Promise.all(r.map(t=>t.data())) as any; lap(e); const t0=performance.now(); for(let i=0;i<5;i++){ await f()[0]!.data()} console.log((performance.now()-t0)/5,'ms/step') ; t=performance.now()}
res.cpu!.forEach((a,i)=>{ let m=0, n=0; a.forEach((v,j)=>{m=Math.max(m,Math.abs(v-res.tensorflow![i]![j]!)); n=Math.max(n,Math.abs(v))}); console.log(i,a.length,'max abs diff',m,'max',n)})
